/*
 * The CNI plugin "userspace" as a thin shim: hands the runtime's request to `vswitch serve --cni` and prints what comes
 * back. Where no service answers it runs the plugin itself, so nothing depends on the service.
 *
 *   cc -O2 -Wall -Wextra -static -o userspace userspace-shim.c   (-static: a tenth of a millisecond less; not needed)
 *   install userspace /opt/cni/bin/userspace; install userspace.cjs /opt/cni/bin/userspace-once
 *
 * The service is looked for on $VSWITCH_SOCKET, else SERVICE_SOCKET; the plugin is $USERSPACE_ONCE, else `userspace-once`
 * beside this program. The service is greeted first: one that hangs then is as good as none. A request that the service may
 * have begun is not begun again for ADD: the answer is then CNI's error 11 (try again later), after which a runtime deletes
 * what there may be.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SERVICE_SOCKET
#define SERVICE_SOCKET "/run/vswitch/vswitch.sock"
#endif
/* Longer than the plugin itself takes at the worst; the runtime has a deadline of its own. */
#ifndef SERVICE_SECONDS
#define SERVICE_SECONDS 110
#endif
/* How long it may take to answer the greeting. */
#ifndef GREETING_SECONDS
#define GREETING_SECONDS 5
#endif

enum { MOST_BYTES = 8 << 20 };

extern char **environ;

struct text {
  char *bytes;
  size_t length, room;
};

static void die(const char *what) {
  fprintf(stderr, "userspace: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* Before anything is printed: a runtime wants to be told on standard output. No `what` needs escaping. */
static void fail(const char *what) {
  int number = errno;
  printf("{\"cniVersion\":\"1.0.0\",\"code\":5,\"msg\":\"the shim of userspace: %s: %s\"}\n", what, strerror(number));
  fflush(stdout);
  errno = number;
  die(what);
}

static void append(struct text *to, const char *bytes, size_t length) {
  if (to->room - to->length <= length) {
    if (length > MOST_BYTES || to->length > MOST_BYTES) {
      errno = EFBIG;
      fail("a message");
    }
    to->room = 2 * (to->length + length) + 1024;
    to->bytes = realloc(to->bytes, to->room);
    if (to->bytes == NULL) fail("memory");
  }
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
  to->bytes[to->length] = '\0';
}

static void say(struct text *to, const char *bytes) { append(to, bytes, strlen(bytes)); }

/* A JSON string (RFC 8259 section 7). */
static void quote(struct text *to, const char *bytes, size_t length) {
  say(to, "\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    char escaped[8];
    if (c == '"' || c == '\\') {
      escaped[0] = '\\';
      escaped[1] = (char)c;
      append(to, escaped, 2);
    } else if (c < 0x20) {
      snprintf(escaped, sizeof escaped, "\\u%04x", c);
      say(to, escaped);
    } else {
      append(to, &bytes[i], 1);
    }
  }
  say(to, "\"");
}

/* Behind a JSON value, or NULL where it does not end. */
static const char *skip(const char *at) {
  int depth = 0;
  do {
    at += strspn(at, " \t\r\n,:");
    if (*at == '\0') return NULL;
    if (*at == '"') {
      for (at++; *at != '"'; at++)
        if (*at == '\0' || (*at == '\\' && *++at == '\0')) return NULL;
      at++;
    } else if (*at == '{' || *at == '[') {
      depth++;
      at++;
    } else if (*at == '}' || *at == ']') {
      depth--;
      at++;
    } else {
      size_t length = strcspn(at, " \t\r\n,:{}[]\"");
      if (length == 0) return NULL;
      at += length;
    }
  } while (depth > 0);
  return depth == 0 ? at : NULL;
}

/* The value of a member of the JSON object that begins at `object`, or NULL. */
static const char *member(const char *object, const char *name) {
  size_t length = strlen(name);
  if (object == NULL || *object != '{') return NULL;
  for (const char *at = object + 1; at != NULL;) {
    at += strspn(at, " \t\r\n,");
    if (*at != '"') return NULL;
    int found = strncmp(at + 1, name, length) == 0 && at[1 + length] == '"';
    at = skip(at);
    if (at == NULL) return NULL;
    at += strspn(at, " \t\r\n:");
    if (found) return at;
    at = skip(at);
  }
  return NULL;
}

static void put_utf8(FILE *to, unsigned long code) {
  if (code < 0x80) {
    fputc((int)code, to);
  } else if (code < 0x800) {
    fprintf(to, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    fprintf(to, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
  } else {
    fprintf(to, "%c%c%c%c", (int)(0xf0 | code >> 18), (int)(0x80 | (code >> 12 & 0x3f)),
            (int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
  }
}

static unsigned long four_digits(const char **at) {
  char digits[5] = "";
  for (int i = 0; i < 4 && (*at)[1] != '\0'; i++) digits[i] = *++*at;
  return strtoul(digits, NULL, 16);
}

/* Prints what a JSON string stands for. It was skipped before, so its end is there. */
static void print_string(FILE *to, const char *at) {
  if (at == NULL || *at != '"') return;
  for (at++; *at != '"' && *at != '\0'; at++) {
    if (*at != '\\') {
      fputc(*at, to);
      continue;
    }
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, *++at);
    if (*at == 'u') {
      unsigned long code = four_digits(&at);
      if (code >= 0xd800 && code < 0xdc00 && at[1] == '\\' && at[2] == 'u') {
        at += 2;
        code = 0x10000 + ((code - 0xd800) << 10) + (four_digits(&at) - 0xdc00);
      }
      put_utf8(to, code);
    } else {
      fputc(letter != NULL && *letter != '\0' ? meanings[letter - letters] : *at, to);
    }
  }
}

static void read_all(int from, struct text *to) {
  char piece[65536];
  for (;;) {
    ssize_t got = read(from, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("standard input");
    if (got == 0) return;
    append(to, piece, (size_t)got);
  }
}

static int passes(const char *variable) {
  static const char *const names[] = {"CNI_", "PATH=", "TRACEPARENT=", "TRACESTATE=", "USERSPACE_", "KUBE"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strncmp(variable, names[i], strlen(names[i])) == 0) return 1;
  return 0;
}

static void make_request(struct text *request, const char *command, const struct text *config) {
  say(request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"cni.");
  for (const char *c = command; *c != '\0'; c++) {
    char lower = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    append(request, &lower, 1);
  }
  say(request, "\",\"params\":{\"env\":{");
  const char *comma = "";
  for (char **variable = environ; *variable != NULL; variable++) {
    const char *equals = strchr(*variable, '=');
    if (equals == NULL || !passes(*variable)) continue;
    say(request, comma);
    quote(request, *variable, (size_t)(equals - *variable));
    say(request, ":");
    quote(request, equals + 1, strlen(equals + 1));
    comma = ",";
  }
  say(request, "},\"stdin\":");
  quote(request, config->bytes == NULL ? "" : config->bytes, config->length);
  say(request, "}}\n");
}

static void be_patient(int fd, time_t seconds) {
  struct timeval patience = {.tv_sec = seconds};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* A connection to the service, or -1. */
static int dial(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = getenv("VSWITCH_SOCKET");
  if (path == NULL || *path == '\0') path = SERVICE_SOCKET;
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  be_patient(fd, GREETING_SECONDS);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* Whether the request went out as a whole: half of one is none to the service. */
static int send_all(int fd, const struct text *request) {
  for (size_t sent = 0; sent < request->length;) {
    ssize_t now = send(fd, request->bytes + sent, request->length - sent, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return 0;
    sent += (size_t)now;
  }
  return 1;
}

/* Reads one line; whether it came. */
static int read_line(int fd, struct text *line) {
  char piece[65536];
  while (line->length == 0 || line->bytes[line->length - 1] != '\n') {
    ssize_t got = recv(fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    append(line, piece, (size_t)got);
  }
  return 1;
}

/* A connection to a service that has been greeted, or -1: it answers while the request is made. */
static int greet(void) {
  struct text request = {0};
  int fd = dial();
  say(&request, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"about\"}\n");
  return fd < 0 || send_all(fd, &request) ? fd : -1;
}

/* Whether the service answers at all. One that has stopped takes connections, and requests, and begins them much later. */
static int is_greeted(int fd) {
  struct text answer = {0};
  return fd >= 0 && read_line(fd, &answer);
}

/* Runs the plugin itself, with the same input. */
static void run_once(char **argv, const struct text *config) {
  char self[PATH_MAX] = "", file[PATH_MAX + 16];
  const char *once = getenv("USERSPACE_ONCE");
  if (once == NULL || *once == '\0') {
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) fail("/proc/self/exe");
    self[length] = '\0';
    snprintf(file, sizeof file, "%s/userspace-once", dirname(self));
    once = file;
  }
  int input = memfd_create("cni-config", 0);
  if (input < 0) fail("memfd_create");
  for (size_t at = 0; at < config->length;) {
    ssize_t now = write(input, config->bytes + at, config->length - at);
    if (now < 0) fail("memfd");
    at += (size_t)now;
  }
  if (lseek(input, 0, SEEK_SET) < 0 || dup2(input, STDIN_FILENO) < 0) fail("memfd");
  argv[0] = (char *)once;
  execv(once, argv);
  printf("{\"cniVersion\":\"1.0.0\",\"code\":5,\"msg\":\"the service of vswitch-drivers does not answer, and the plugin "
         "itself, userspace-once, cannot be run: install it beside the shim\"}\n");
  fflush(stdout);
  die(once);
}

static int try_again_later(void) {
  printf("{\"cniVersion\":\"1.0.0\",\"code\":11,\"msg\":\"the service of vswitch-drivers has ended while it worked on "
         "this; delete the attachment and try again\"}\n");
  return 1;
}

int main(int argc, char **argv) {
  const char *command = getenv("CNI_COMMAND");
  struct text config = {0}, request = {0}, answer = {0};
  if (command == NULL || argc > 1) {
    if (!isatty(STDIN_FILENO)) read_all(STDIN_FILENO, &config);
    run_once(argv, &config);
  }
  int fd = greet();
  read_all(STDIN_FILENO, &config);
  make_request(&request, command, &config);
  if (!is_greeted(fd)) run_once(argv, &config);
  be_patient(fd, SERVICE_SECONDS);
  if (!send_all(fd, &request)) run_once(argv, &config);
  int came = read_line(fd, &answer);
  /* The whole of it is looked at before any of it is printed. */
  int whole = came && answer.bytes[0] == '{' && skip(answer.bytes) != NULL;
  const char *result = whole ? member(answer.bytes, "result") : NULL;
  const char *exit_code = member(result, "exitCode");
  if (exit_code == NULL) {
    const char *code = whole ? member(member(answer.bytes, "error"), "code") : NULL;
    long number = code == NULL ? 0 : strtol(code, NULL, 10);
    /* No CNI here, too much at a time, no request to it: it did nothing. */
    int refused = number == -32601 || number == -32602 || number == -32600 || number == -32700 || number == -32020;
    if (!refused && strcmp(command, "ADD") == 0) return try_again_later();
    run_once(argv, &config);
  }
  print_string(stderr, member(result, "stderr"));
  print_string(stdout, member(result, "stdout"));
  if (fflush(stdout) != 0) die("standard output");
  return (int)strtol(exit_code, NULL, 10);
}
