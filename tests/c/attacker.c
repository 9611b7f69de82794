/* Somebody who works against a loader, in a process of its own:
 *
 *     attacker flip FILE OFFSET       changes a byte back and forth through a shared map, time stamps unmoved
 *     attacker truncate FILE          cuts the file to nothing and makes it as long as it was, with its content
 *     attacker replace FILE OTHER     puts OTHER's content in FILE's place by a rename, and back
 *     attacker link FILE TARGET       puts a symbolic link to TARGET in FILE's place, and the file back
 *     attacker append FILE            adds a byte and takes it away
 *
 * It goes on until its standard input ends, and prints a line before the first and after the last attack.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(3);
    }
}

/* True while nobody has closed our standard input. */
static int goes_on(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) == 0;
}

static char *beside(const char *file, const char *suffix) {
    char *path = NULL;
    check(asprintf(&path, "%s%s", file, suffix) > 0, "asprintf");
    return path;
}

static char *content_of(const char *file, size_t *length) {
    struct stat status;
    int fd = open(file, O_RDONLY);
    check(fd >= 0 && fstat(fd, &status) == 0, file);
    *length = (size_t)status.st_size;
    char *bytes = malloc(*length + 1);
    check(bytes != NULL && pread(fd, bytes, *length, 0) == (ssize_t)*length, "read");
    close(fd);
    return bytes;
}

int main(int count, char **arguments) {
    check(count >= 3, "usage");
    const char *how = arguments[1], *file = arguments[2], *other = count > 3 ? arguments[3] : "";
    size_t length = 0;
    char *bytes = content_of(file, &length);
    int fd = open(file, O_RDWR);
    check(fd >= 0, file);
    volatile char *map = NULL;
    if (strcmp(how, "flip") == 0) {
        map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        check(map != MAP_FAILED, "mmap");
        /* Dirty already: from now on writes move no time stamp. */
        map[atol(other)] = bytes[atol(other)];
        struct timespec unmoved[2];
        struct stat status;
        check(fstat(fd, &status) == 0, "fstat");
        unmoved[0] = status.st_atim;
        unmoved[1] = status.st_mtim;
        check(futimens(fd, unmoved) == 0, "futimens");
    }
    puts("begun");
    fflush(stdout);
    while (goes_on()) {
        if (map != NULL) {
            map[atol(other)] ^= 1;
        } else if (strcmp(how, "truncate") == 0) {
            check(ftruncate(fd, 0) == 0, "ftruncate");
            check(pwrite(fd, bytes, length, 0) == (ssize_t)length, "write");
        } else if (strcmp(how, "append") == 0) {
            check(pwrite(fd, "x", 1, (off_t)length) == 1, "write");
            check(ftruncate(fd, (off_t)length) == 0, "ftruncate");
        } else {
            char *aside = beside(other, ".aside"), *back = beside(other, ".back");
            unlink(aside);
            unlink(back);
            if (strcmp(how, "link") == 0) {
                check(symlink(other, aside) == 0, "symlink");
            } else {
                check(link(other, aside) == 0, "link");
            }
            check(link(file, back) == 0, "link");
            check(rename(aside, file) == 0, "rename");
            check(rename(back, file) == 0, "rename back");
            free(aside);
            free(back);
        }
    }
    if (map != NULL) {
        map[atol(other)] = bytes[atol(other)];
    }
    puts("ended");
    return 0;
}
