# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# HTTP as no client of good will speaks it, byte by byte over TLS. For a script with a gateway at hand
# (private-gateway.sh) that was started with --http-redirect on port $gw_redirect.
# shellcheck source-path=SCRIPTDIR/../.. source=../../private-gateway.sh
: "${work:?}" "${gw_port:=}" "${gw_url:=}" "${gw_dir:=}" "${gw_redirect:=}" "${node:?}"

# hostile_raw: stdin to the gateway, all that it says to stdout.
# hostile_count REGEX: how often it is in stdin; an answer may begin where the body before it ends.
hostile_count() { { grep -aoE "$1" || true; } | wc -l; }
hostile_raw() { timeout 20 socat -t 8 - "OPENSSL:127.0.0.1:$gw_port,verify=0" 2>/dev/null | tr -d '\r'; }

# hostile_refused NAME HEAD-LINES [BODY]: with one more request behind it, which must not be seen as one. Lines end with |;
# other control characters as printf has them.
hostile_refused() {
    local name=$1 head=${2//|/'\r\n'} body=${3:-} said
    # shellcheck disable=SC2059 # the lines end
    said=$(printf "$head\r\n${body}GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n" | hostile_raw | tr -d '\0')
    expect "$name: answers ($said)" "$(hostile_count 'HTTP/1\.[01] [0-9]{3} ' <<<"$said")" 1
    expect_match "$name: answer" "$said" '^HTTP/1.1 (400|411|413|431|505) '
}

# RFC 9112, 5 and 6: where two readers could see a request's end at two places, it is refused, and the connection with it.
smuggled_requests_are_not_seen() {
    local post='POST /api/v1/login HTTP/1.1|Host: localhost|Content-Type: application/json|' many
    hostile_refused "two lengths" "${post}Content-Length: 2|Content-Length: 60|" '{}'
    hostile_refused "the same length twice" "${post}Content-Length: 2|Content-Length: 2|" '{}'
    hostile_refused "length and chunks" "${post}Content-Length: 5|Transfer-Encoding: chunked|" '0\r\n\r\n'
    hostile_refused "chunks and length" "${post}Transfer-Encoding: chunked|Content-Length: 5|" '0\r\n\r\n'
    hostile_refused "chunks" "${post}Transfer-Encoding: chunked|" '2\r\n{}\r\n0\r\n\r\n'
    hostile_refused "chunks by another name" "${post}Transfer-Encoding: xchunked|" '2\r\n{}\r\n0\r\n\r\n'
    hostile_refused "chunks twice" "${post}Transfer-Encoding: chunked|Transfer-Encoding: identity|" '0\r\n\r\n'
    hostile_refused "a chunk without end" "${post}Transfer-Encoding: chunked|" 'ffffffffffffffff\r\n'
    hostile_refused "a blank before the colon" "${post}Content-Length : 2|" '{}'
    hostile_refused "a tab before the colon" "${post}Content-Length\t: 2|" '{}'
    hostile_refused "chunks, and a blank before the colon" "${post}Transfer-Encoding : chunked|Content-Length: 2|" '{}'
    hostile_refused "a length with a sign" "${post}Content-Length: +2|" '{}'
    hostile_refused "a length below nothing" "${post}Content-Length: -1|" '{}'
    hostile_refused "a list of lengths" "${post}Content-Length: 2, 2|" '{}'
    hostile_refused "a length in hex" "${post}Content-Length: 0x2|" '{}'
    hostile_refused "a length beyond 64 bits" "${post}Content-Length: 18446744073709551618|" '{}'
    hostile_refused "a length beyond the body's bound" "${post}Content-Length: 10000000000|" '{}'
    hostile_refused "a line that goes on" "${post}X-A: b| c|Content-Length: 2|" '{}'
    hostile_refused "a length on a line that goes on" "${post}X-A: b| Content-Length: 2|" '{}'
    hostile_refused "a first line that goes on" "POST /api/v1/login HTTP/1.1| Content-Length: 2|Host: localhost|" '{}'
    hostile_refused "a header without a name" "${post}: b|Content-Length: 2|" '{}'
    hostile_refused "a header without a colon" "${post}Content-Length|" '{}'
    hostile_refused "a line feed alone" "${post}X-A: b\nContent-Length: 2|" '{}'
    hostile_refused "a carriage return alone" "${post}X-A: b\rContent-Length: 2|" '{}'
    hostile_refused "a byte of zero" "${post}X-A: b\0c|Content-Length: 2|" '{}'
    many=$(printf 'X-%d: a|' {1..70})
    hostile_refused "more headers than there is room for" "${post}${many}Content-Length: 2|" '{}'
    hostile_refused "a body where there is none" 'GET /api/v1/health HTTP/1.1|Host: localhost|Content-Length: 57|'
    hostile_refused "a method that is none" 'GETT /api/v1/health HTTP/1.1|Host: localhost|'
    hostile_refused "another protocol" 'GET /api/v1/health HTTP/9.9|Host: localhost|'
    hostile_refused "HTTP/2 without being asked" 'PRI * HTTP/2.0|' 'SM\r\n\r\n'
    hostile_refused "a proxy's method" 'CONNECT evil.example:443 HTTP/1.1|Host: localhost|'
    hostile_refused "an echo" 'TRACE / HTTP/1.1|Host: localhost|Cookie: a=b|'
}

# What is whole is taken, two on one connection too: the checks above are not good because nothing is.
whole_requests_are_seen() {
    local get='GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n'
    # shellcheck disable=SC2059 # the lines end
    expect "answers" "$(printf "$get\r\n${get}Connection: close\r\n\r\n" | hostile_raw | hostile_count 'HTTP/1.1 200 ')" 2
    # shellcheck disable=SC2059
    expect "with 60 headers" "$(printf "$get$(printf 'X-%d: a\\r\\n' {1..60})Connection: close\r\n\r\n" | hostile_raw | hostile_count 'HTTP/1.1 200 ')" 1
}

# Nothing here is a file of the disk: what is not the interface is the dashboard's page or nothing.
paths_lead_nowhere() {
    local path status
    for path in /../../etc/passwd '/..%2f..%2fetc/passwd' /%2e%2e/%2e%2e/etc/passwd //etc/passwd '/..\..\etc\passwd' \
        /%c0%ae%c0%ae/etc/passwd /assets/../../holdfast.db '/index.html%00.png' '/%00' /api/docs/../../../etc/passwd \
        /api/docs/%2e%2e/%2e%2e/x '/api/docs/..;/x' /.git/config /api/v1/services/..%2f..%2fhealth /api/v1/services/.. \
        '/api/v1/services/%2e%2e/logs' '/api/v1/services/broker/logs/../../../config' "/api/v1/services/$(printf 'a%.0s' {1..300})" \
        '/api/v1/services/broker%0d%0a/logs' '/%0d%0aSet-Cookie:%20a=b' '/%'; do
        status=$(curl -ks -m 20 --path-as-is -o "$work/hostile-body" -D "$work/hostile-head" -w '%{http_code}' "$gw_url$path")
        expect_match "$path" "$status" '^(200|400|401|404)$'
        [ "$status" != 200 ] || cmp "$work/hostile-body" "$work/hostile-page"
        expect "$path: lines that were put in" "$(hostile_count '^[Ss]et-[Cc]ookie' <"$work/hostile-head")" 0
    done
}

# What is said back never has a line of the asker's making: neither the answers' heads nor the log.
nothing_is_injected() {
    local said before
    said=$(printf 'GET /a%%0d%%0aX-Evil:1 HTTP/1.1\r\nHost: localhost\r\n\r\n' | timeout 10 socat -t 5 - "TCP:127.0.0.1:$gw_redirect")
    expect_match "redirect" "$said" '^Location: https://localhost:[0-9]+/a%0d%0aX-Evil:1'
    said=$(printf 'GET /a\rX-Evil:1 HTTP/1.1\r\nHost: localhost\rX-Evil: 1\r\n\r\n' | timeout 10 socat -t 5 - "TCP:127.0.0.1:$gw_redirect")
    expect "lines that were put in" "$(hostile_count '^X-Evil' <<<"$said")" 0
    said=$(printf 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n' | timeout 10 socat -t 5 - "TCP:127.0.0.1:$gw_redirect")
    expect_match "redirect of another one's host" "$said" '^HTTP/1.1 421 '
    before=$(hostile_count ' user=admin' <"$gw_dir/log")
    api_is 401 POST /login '{"user":"x\ntime=0 level=info event=request user=admin","password":"a"}' || api_is 422 GET /nothing
    curl -ks -o /dev/null -X POST "$gw_url/api/v1/a%0aevent=request%20user=admin"
    expect "forged lines in the log" "$(hostile_count '^(event=|time=0)' <"$gw_dir/log")" 0
    expect "lines of admin" "$(hostile_count ' user=admin' <"$gw_dir/log")" "$before"
}

# hostile_body STATUS-REGEX TYPE FILE [CURL-ARGUMENT...]
hostile_body() {
    local wanted=$1 type=$2 file=$3 status
    shift 3
    status=$(curl -ks -m 30 -o "$work/hostile-body" -w '%{http_code}' -H "Content-Type: $type" --data-binary "@$file" "$@" "$gw_url/api/v1/login")
    expect_match "$file ($(head -c 200 "$work/hostile-body"))" "$status" "$wanted"
}

# Bodies that are small on the wire and large for a careless reader.
bombs_do_not_go_off() {
    local dir=$work/bombs
    mkdir -p "$dir"
    # shellcheck disable=SC2016 # for node
    "$node" -e '
        const fs = require("fs"), zlib = require("zlib"), dir = process.argv[1];
        const put = (name, data) => fs.writeFileSync(`${dir}/${name}`, data);
        put("wide", "[" + "[],".repeat(20000) + "[]]");
        put("deep-objects", "{\"a\":".repeat(10000) + "1" + "}".repeat(10000));
        put("keys", "{" + Array.from({ length: 5000 }, (_, i) => `"k${i}":0`).join(",") + "}");
        put("same-key", "{" + Array(5000).fill("\"user\":\"a\"").join(",") + "}");
        put("number", "{\"user\":" + "9".repeat(60000) + "}");
        put("exponent", "{\"user\":1e999999999,\"password\":-1e-999999999}");
        put("escapes", "{\"user\":\"" + "\\ud800".repeat(10000) + "\",\"password\":\"a\"}");
        put("long", "{\"user\":\"" + "a".repeat(60000) + "\",\"password\":\"" + "b".repeat(1000) + "\"}");
        put("zeros", Buffer.alloc(60000));
        put("bom", "\ufeff{\"user\":\"a\",\"password\":\"b\"}");
        put("latin", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]));
        put("gzip", zlib.gzipSync(Buffer.alloc(60 * 1024 * 1024)));
        put("multipart", Array.from({ length: 600 }, (_, i) => `--b\r\nContent-Disposition: form-data; name="f${i}"; filename="../../x"\r\n\r\n\r\n`).join("") + "--b--\r\n");
    ' "$dir"
    for bomb in wide deep-objects keys same-key number exponent escapes long zeros bom latin; do
        hostile_body '^(400|401|422|429)$' application/json "$dir/$bomb"
    done
    hostile_body '^(400|413)$' application/json "$dir/gzip" -H 'Content-Encoding: gzip'
    hostile_body '^415$' 'multipart/form-data; boundary=b' "$dir/multipart"
    hostile_body '^415$' "multipart/form-data; boundary=$(printf 'b%.0s' {1..5000})" "$dir/multipart"
}

oversized_heads_are_refused() {
    local long
    long=$(printf 'a%.0s' {1..17000})
    hostile_refused "a long line" "GET /api/v1/health HTTP/1.1|Host: localhost|X: $long|"
    hostile_refused "a long path" "GET /$long HTTP/1.1|Host: localhost|"
    hostile_refused "a long method" "$long / HTTP/1.1|Host: localhost|"
    expect "a long cookie" "$(curl -ks -m 20 -o /dev/null -w '%{http_code}' -H "Cookie: __Host-holdfast=${long:0:9000}" "$gw_url/api/v1/session")" 401
    expect "a long token" "$(curl -ks -m 20 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer ${long:0:9000}" "$gw_url/api/v1/session")" 401
    expect "a long query" "$(curl -ks -m 20 -o /dev/null -w '%{http_code}' -b "$gw_dir/jar" "$gw_url/api/v1/audit?cursor=${long:0:9000}")" 400
}
