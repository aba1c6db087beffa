// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The name of a VFS like SQLite's default one, by which each commit begins a new sector of the WAL.
 * Else the end of one lies in a sector with the begin of the next, is written again with it, and
 * may be torn by a power cut after it was acknowledged: not every card keeps what is in a sector
 * beside the bytes that change. */
const char *hf_spool_vfs(void);
