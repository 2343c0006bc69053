/*
 * Starts a program, waits for its end and tells what it cost:
 *
 *   launch INPUT PROGRAM [ARGUMENT...]
 *
 * The program reads INPUT, a file, and its standard output goes to standard error. Prints
 * {"startNs": ..., "endNs": ..., "cpuUs": ..., "peakKiB": ..., "status": ...}: the times are CLOCK_MONOTONIC's, CPU time
 * and memory those of the program and of what it waited for. It is C, and uses vfork(), because the parent's memory counts
 * for the child until it has called execve().
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  int input = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (input < 0) return 2;
  int status = 0;
  struct rusage usage;
  long long start = now();
  pid_t child = vfork();
  if (child == 0) {
    dup2(input, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) < 0) return 2;
  long long end = now();
  printf("{\"startNs\":%lld,\"endNs\":%lld,\"cpuUs\":%lld,\"peakKiB\":%ld,\"status\":%d}\n", start, end,
         microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
