// SPDX-License-Identifier: Apache-2.0
/* What TLS the API speaks, and the limit of connections for each address, which has to act before
 * the first byte of a handshake: a silent client would hold a worker until it times out. */
#pragma once

#include "api/peers.h"
#include "base/error.h"
#include "identity/certificates.h"

/* Sets up an SSL_CTX: TLS 1.2 and newer, forward secrecy and authenticated encryption only, small
 * buffers, no session store. Connections beyond what peers allows are cut; each handshake shows the
 * certificate that is in force then. Both are borrowed for the life of the context. */
HF_MUST int hf_tls_setup(void *ssl_ctx, struct hf_peers *peers,
                         struct hf_certificates *certificates, struct hf_error *err);

/* Of the connection that the calling worker has: a request begins or ends, and it is not given up
 * for another one while it is served (peers.h). */
void hf_tls_serve(bool serving);
void hf_tls_keep(void);

enum { HF_TLS_ADDRESS_SIZE = 46 };

/* At which address of this machine that connection has arrived; "" where there is none. */
void hf_tls_local_address(char out[HF_TLS_ADDRESS_SIZE]);
