/*
 * What Debian's build of LLVM's unwinder takes from glibc and bionic does not have, for a library that is linked with
 * it as the NDK's linker links its own copy. None of it is reached while unwinding goes well.
 */
int *__errno(void);
void abort(void);

#define INSIDE __attribute__((visibility("hidden")))

INSIDE unsigned long __stack_chk_guard = 0x6d6f64656c736967;
INSIDE void *stderr;

INSIDE int *__errno_location(void) { return __errno(); }

INSIDE void __assert_fail(const char *condition, const char *file, unsigned line, const char *function) {
    (void)condition, (void)file, (void)line, (void)function;
    abort();
}

INSIDE int __fprintf_chk(void *stream, int flag, const char *format, ...) {
    (void)stream, (void)flag, (void)format;
    return 0;
}

INSIDE void __stack_chk_fail(void) { abort(); }
