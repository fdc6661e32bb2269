"""A clock of the wall that jumps by hours, ten times a second, for a command of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static int ask(clockid_t clock, struct timespec *found) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    return real(clock, found);
}

static long jump(void) {
    static const long hours[] = {0, 5, -5, 26};
    struct timespec now;
    ask(CLOCK_MONOTONIC, &now);
    return 3600 * hours[(now.tv_sec * 10 + now.tv_nsec / 100000000) % 4];
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    int failed = ask(clock, found);
    if (!failed && clock == CLOCK_REALTIME) found->tv_sec += jump();
    return failed;
}

int gettimeofday(struct timeval *found, void *zone) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}
"""
"""Put before the C library: Python and SQLite ask there what time it is."""


def build_jumping_clock(folder: Path) -> dict[str, str]:
    """The environment of a command whose clock jumps."""
    if sys.platform != "linux" or shutil.which("cc") is None:
        pytest.skip("needs Linux and a C compiler")
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}
