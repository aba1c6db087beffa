// SPDX-License-Identifier: Apache-2.0
/* A person at the terminal, who is asked there whatever stdin and stdout are. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

static const char TTY[] = "/dev/tty";
enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

bool
cli_has_person(void)
{
    HF_AUTO_CLOSE int fd = open(TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

    return fd >= 0 && isatty(fd);
}

/* Character by character, so that ^C ends the question and not the program while the echo is off.
 * 0: a line; -1: given up. */
static int
read_line(int fd, bool echo, char *answer, size_t size)
{
    size_t len = 0;
    char c;

    for (;;) {
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == CTRL_C || (c == CTRL_D && len == 0))
            return -1;
        if (c == '\n' || c == '\r')
            break;
        if ((c == BACKSPACE || c == DELETE) && len > 0) {
            do /* a whole character of UTF-8 */
                len--;
            while (len > 0 && ((unsigned char)answer[len] & 0xc0) == 0x80);
            if (echo)
                (void)!write(fd, "\b \b", 3);
        } else if (c == CTRL_U) {
            while (len > 0) {
                len--;
                if (echo && ((unsigned char)answer[len] & 0xc0) != 0x80)
                    (void)!write(fd, "\b \b", 3);
            }
        } else if (((unsigned char)c >= ' ' && c != DELETE) && len + 1 < size) {
            answer[len++] = c;
            if (echo)
                (void)!write(fd, &c, 1);
        }
    }
    answer[len] = '\0';
    return 0;
}

int
cli_question(const char *prompt, bool echo, char *answer, size_t size, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios before, raw;
    sigset_t blocked, old;
    int rc;

    if (fd < 0 || tcgetattr(fd, &before) < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "there is no terminal to ask at");
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGTSTP);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(fd, TCSAFLUSH, &raw);
    (void)!write(fd, prompt, strlen(prompt));
    rc = read_line(fd, echo, answer, size);
    tcsetattr(fd, TCSAFLUSH, &before);
    (void)!write(fd, "\n", 1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return rc < 0 ? hf_error_set(err, HF_ERROR_CONFLICT, "given up") : 0;
}

int
cli_read_stdin(char *answer, size_t size, struct hf_error *err)
{
    size_t len = 0;
    char c = '\0';

    while (len + 1 < size) {
        ssize_t n = read(STDIN_FILENO, &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_error_errno(err, errno, "cannot read stdin");
        if (n == 0 || c == '\n')
            break;
        answer[len++] = c;
    }
    if (len > 0 && answer[len - 1] == '\r')
        len--;
    answer[len] = '\0';
    return len > 0 ? 0 : hf_error_set(err, HF_ERROR_INVALID, "there is nothing on stdin");
}

int
cli_password(struct cli *c, const char *prompt, bool is_new, char *answer, size_t size,
             struct hf_error *err)
{
    char again[CLI_PASSWORD_MAX];
    bool same;

    if (c->args->flags[CLI_PASSWORD_STDIN])
        return cli_read_stdin(answer, size, err);
    if (!cli_has_person())
        return hf_error_set(err, HF_ERROR_INVALID,
                            "there is no terminal to ask for a password: give --password-stdin");
    if (cli_question(prompt, false, answer, size, err) < 0)
        return -1;
    if (!is_new)
        return 0;
    if (cli_question("The same once more: ", false, again, sizeof again, err) < 0)
        return -1;
    same = strcmp(answer, again) == 0;
    explicit_bzero(again, sizeof again);
    return same ? 0 : hf_error_set(err, HF_ERROR_INVALID, "the two are not the same");
}

static int
read_first_line(const char *path, char *text, size_t size, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *f = fopen(path, "re");
    size_t len;

    if (!f)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!fgets(text, (int)size, f))
        return hf_error_set(err, HF_ERROR_INVALID, "there is nothing in '%s'", path);
    len = strcspn(text, "\r\n");
    if (!text[len] && !feof(f))
        return hf_error_set(err, HF_ERROR_INVALID, "the first line of '%s' is too long", path);
    text[len] = '\0';
    return 0;
}

int
cli_passphrase(struct cli *c, const char *prompt, bool is_new, char *text, size_t size,
               struct hf_error *err)
{
    const char *path = c->args->flags[CLI_PASSPHRASE_FILE];
    int rc;

    if (path)
        rc = read_first_line(path, text, size, err);
    else if (!cli_has_person())
        return hf_error_set(err, HF_ERROR_INVALID,
                            "there is no terminal to ask for the passphrase: give "
                            "--passphrase-file");
    else
        rc = cli_password(c, prompt, is_new, text, size, err);
    if (rc == 0 && (!*text || !hf_text_utf8(text, strlen(text))))
        rc = hf_error_set(err, HF_ERROR_INVALID, "a passphrase must be UTF-8 text");
    return rc;
}

int
cli_read_file(const char *path, struct hf_buf *text, struct hf_error *err)
{
    return strcmp(path, "-") == 0 ? hf_file_read_rest(STDIN_FILENO, "stdin", text, err)
                                  : hf_file_read(path, text, err);
}
