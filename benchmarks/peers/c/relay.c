/*
 * Stands between clients and a unix socket, and notes when something comes from which side: what a server takes of an
 * operation's time is from when a client asks until the last of the answer has come. It is C, because it is in the way.
 *
 *   relay PATH TARGET
 *
 * On its standard input and output it speaks as all contestants do, a line of text there, a line of JSON back:
 *
 *   (start)  -> {"versions": {}}
 *   take     -> {"turns": [[askedNs, answeredNs], ...]}    what was noted since the last time, by CLOCK_MONOTONIC
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PAIRS = 16, MOST_TURNS = 4096 };

static struct { long long asked, answered; } turns[MOST_TURNS];
static int count, is_answering = 1;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void note(int is_answer) {
  if (!is_answer && is_answering && count < MOST_TURNS) turns[count++].asked = now();
  if (is_answer && count > 0) turns[count - 1].answered = now();
  is_answering = is_answer;
}

static void tell(void) {
  const char *comma = "";
  printf("{\"turns\":[");
  for (int i = 0; i < count; i++) {
    if (turns[i].answered == 0) continue;
    printf("%s[%lld,%lld]", comma, turns[i].asked, turns[i].answered);
    comma = ",";
  }
  printf("]}\n");
  fflush(stdout);
  memset(turns, 0, sizeof turns);
  count = 0;
  is_answering = 1;
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

/* Passes on what has come; whether there may be more. */
static int pass(int from, int to, int is_answer) {
  static char bytes[1 << 20];
  ssize_t got = read(from, bytes, sizeof bytes);
  if (got <= 0) return 0;
  note(is_answer);
  for (ssize_t sent = 0, some; sent < got; sent += some)
    if ((some = write(to, bytes + sent, (size_t)(got - sent))) < 0) return 0;
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_un here = address_of(argv[1]), there = address_of(argv[2]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, MOST_PAIRS) < 0) return 1;
  printf("{\"versions\":{}}\n");
  fflush(stdout);
  /* Commands, the listener, then each client with its connection to the server behind it. */
  struct pollfd fds[2 + 2 * MOST_PAIRS] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
  for (int i = 2; i < 2 + 2 * MOST_PAIRS; i++) fds[i].fd = -1;
  while (poll(fds, 2 + 2 * MOST_PAIRS, -1) >= 0) {
    for (int i = 2; i < 2 + 2 * MOST_PAIRS; i++) {
      if (fds[i].fd < 0 || fds[i].revents == 0 || pass(fds[i].fd, fds[i ^ 1].fd, i & 1)) continue;
      close(fds[i].fd);
      close(fds[i ^ 1].fd);
      fds[i].fd = fds[i ^ 1].fd = -1;
    }
    if (fds[1].revents != 0) {
      int free_pair = 2;
      while (free_pair < 2 + 2 * MOST_PAIRS && fds[free_pair].fd >= 0) free_pair += 2;
      if (free_pair >= 2 + 2 * MOST_PAIRS) return 1;
      int client = accept(listener, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM, 0);
      if (connect(server, (struct sockaddr *)&there, sizeof there) < 0) return 1;
      fds[free_pair] = (struct pollfd){.fd = client, .events = POLLIN};
      fds[free_pair + 1] = (struct pollfd){.fd = server, .events = POLLIN};
    }
    if (fds[0].revents != 0) {
      char command[64];
      if (read(STDIN_FILENO, command, sizeof command) <= 0) return 0;
      tell();
    }
  }
  return 1;
}
