/*
 * Runs a C program of tests/c with the library that was built for Android, on ARM64 Linux. The program's main is
 * compiled as program_main, and the functions of modelsig.h that it calls are jumps through api_table.
 *
 * The library imports from bionic, which is not here. Its libc.so and libdl.so are jumps through bionic_table, which
 * this program fills: with glibc's function of that name, or with one of those below where bionic's differs. It tests
 * the library's code, and nothing of Android's.
 *
 * MODELSIG_ANDROID, BIONIC_LIBC, BIONIC_LIBDL: the paths of the three libraries
 * BIONIC_FAILS: pthread_attr_init fails, which makes std's way to start a thread panic
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct jump {
    const char *name;
    void **place;
};

extern const struct jump api_table[];
int program_main(int argc, char **argv);

static const struct jump *libc_table, *libdl_table;

static int *bionic_errno(void) { return &errno; }

/* No property is set. */
static int bionic_property(const char *name, char *value) {
    (void)name;
    *value = '\0';
    return 0;
}

/* The numbers of bionic's <bits/sysconf.h>. */
static long bionic_sysconf(int name) {
    switch (name) {
    case 0x27:
    case 0x28:
        return sysconf(_SC_PAGESIZE);
    case 0x60:
        return sysconf(_SC_NPROCESSORS_CONF);
    case 0x61:
        return sysconf(_SC_NPROCESSORS_ONLN);
    default:
        errno = EINVAL;
        return -1;
    }
}

/* bionic's attributes are shorter than glibc's: they only hold a pointer to those. */
struct bionic_attributes {
    pthread_attr_t *real;
};

static int bionic_attr_init(struct bionic_attributes *attributes) {
    if (getenv("BIONIC_FAILS") != NULL) {
        return ENOMEM;
    }
    attributes->real = malloc(sizeof *attributes->real);
    return attributes->real == NULL ? ENOMEM : pthread_attr_init(attributes->real);
}

static int bionic_attr_destroy(struct bionic_attributes *attributes) {
    int status = pthread_attr_destroy(attributes->real);
    free(attributes->real);
    return status;
}

static int bionic_attr_setstacksize(struct bionic_attributes *attributes, size_t size) {
    return pthread_attr_setstacksize(attributes->real, size);
}

static int bionic_create(pthread_t *thread, const struct bionic_attributes *attributes, void *(*start)(void *),
                         void *argument) {
    return pthread_create(thread, attributes == NULL ? NULL : attributes->real, start, argument);
}

/* The one of POSIX, which with _GNU_SOURCE has this name only. */
int __xpg_strerror_r(int number, char *buffer, size_t size);

static void *bionic_dlsym(void *handle, const char *name);

/* What bionic has under this name, or NULL. */
static void *meaning(const char *name) {
    static const struct {
        const char *name;
        void *function;
    } different[] = {
        {"__errno", (void *)bionic_errno},
        {"__system_property_get", (void *)bionic_property},
        {"dlsym", (void *)bionic_dlsym},
        {"pthread_attr_destroy", (void *)bionic_attr_destroy},
        {"pthread_attr_init", (void *)bionic_attr_init},
        {"pthread_attr_setstacksize", (void *)bionic_attr_setstacksize},
        {"pthread_create", (void *)bionic_create},
        {"strerror_r", (void *)__xpg_strerror_r},
        {"sysconf", (void *)bionic_sysconf},
    };
    size_t i;
    for (i = 0; i < sizeof different / sizeof *different; i++) {
        if (strcmp(name, different[i].name) == 0) {
            return different[i].function;
        }
    }
    return dlsym(RTLD_DEFAULT, name);
}

/* Only what bionic is said to have is found, so that the library takes the way it takes on an old Android. */
static void *bionic_dlsym(void *handle, const char *name) {
    const struct jump *tables[] = {libc_table, libdl_table}, *jump;
    size_t i;
    (void)handle;
    for (i = 0; i < 2; i++) {
        for (jump = tables[i]; jump->name != NULL; jump++) {
            if (strcmp(jump->name, name) == 0) {
                return *jump->place;
            }
        }
    }
    return NULL;
}

static void *loaded(const char *variable, int how) {
    const char *path = getenv(variable);
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL | how);
    if (library == NULL) {
        fprintf(stderr, "host: %s: %s\n", variable, path == NULL ? "not set" : dlerror());
        exit(70);
    }
    return library;
}

static void filled(const struct jump *jump, void *library) {
    for (; jump->name != NULL; jump++) {
        *jump->place = library == NULL ? meaning(jump->name) : dlsym(library, jump->name);
        if (*jump->place == NULL) {
            fprintf(stderr, "host: nothing is called %s\n", jump->name);
            exit(70);
        }
    }
}

int main(int argc, char **argv) {
    libc_table = dlsym(loaded("BIONIC_LIBC", 0), "bionic_table");
    libdl_table = dlsym(loaded("BIONIC_LIBDL", 0), "bionic_table");
    filled(libc_table, NULL);
    filled(libdl_table, NULL);
    /* Its own libc.so before the one of this program. */
    filled(api_table, loaded("MODELSIG_ANDROID", RTLD_DEEPBIND));
    return program_main(argc, argv);
}
