# SPDX-License-Identifier: Apache-2.0
# Turns what `ctest -V` shows of cmocka programs (CMOCKA_MESSAGE_OUTPUT=TAP) into a line for each test.
# A program that failed without naming a test (a sanitizer's finding, a crash, a time-out) is a failure itself.

match($0, /^[0-9]+: /) {
    number = substr($0, 1, RLENGTH - 2)
    text = substr($0, RLENGTH + 1)
    if (text ~ /^ok [0-9]+ - /)
        good[number] = good[number] text "\n"
    else if (text ~ /^not ok [0-9]+ - /)
        bad[number] = bad[number] text "\n"
    said[number] = said[number] "    " text "\n"
    next
}

/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    number = $0
    sub(/^.*#/, "", number)
    sub(/:.*/, "", number)
    name = $0
    sub(/^[^:]*: */, "", name)
    sub(/ .*/, "", name)
    tell(number, name, $0 ~ / Passed /)
}

function tell(number, name, whole, lines, count, i) {
    count = split(good[number], lines, "\n")
    for (i = 1; i < count; i++)
        print "ok - " name ": " title(lines[i])
    count = split(bad[number], lines, "\n")
    for (i = 1; i < count; i++)
        print "not ok - " name ": " title(lines[i])
    if (whole && good[number] == "")
        print "ok - " name
    if (!whole && bad[number] == "")
        print "not ok - " name ": did not end well"
    if (!whole) {
        printf "%s", said[number]
        failed = 1
    }
}

function title(line) {
    sub(/^(not )?ok [0-9]+ - /, "", line)
    return line
}

END { exit failed }
