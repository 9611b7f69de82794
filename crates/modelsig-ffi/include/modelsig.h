/*
 * modelsig: checks that model weights are exactly what a trusted signer released, before anything loads them.
 *
 * What holds for everything in this header:
 *
 * Status     A call that can fail returns a modelsig_status: MODELSIG_STATUS_OK, which is 0, or the reason why not.
 *            A caller that does not know a number treats it as a failure. Nothing but a returned MODELSIG_STATUS_OK
 *            means "verified": a variable, structure or buffer that happens to hold zeros proves nothing.
 *
 * Errors     The last parameter of such a call is `modelsig_error **error`. It may be NULL. Otherwise *error is set to
 *            NULL when the call begins, without looking at what it held, and to a new modelsig_error only if the call
 *            fails. There is no thread-local "last error".
 *
 * Outputs    Every other result goes to an out-parameter, which is written only on success.
 *
 * Ownership  What a call hands out as a pointer to non-const belongs to the caller, who gives it back to the _free
 *            function of its kind: once, and not to free(). Every _free function takes NULL. A pointer to const that
 *            a call returns points into the object it was asked of and lives as long as that. Arguments stay the
 *            caller's; nothing is kept when the call has returned, unless its description says so.
 *
 * Strings    NUL-terminated and, if nothing else is said, UTF-8. Paths are UTF-8 too, except on Unix, where they are
 *            any bytes, as the system takes them. Strings must not change while a call uses them.
 *
 * NULL       Where a description does not allow it, NULL gives MODELSIG_STATUS_USAGE, and no crash.
 *
 * Threads    The library keeps no state between calls and none for a thread. Any thread may call any function. Through
 *            a pointer to const, several threads may use one object at once; through a pointer to non-const, one
 *            thread at a time.
 *
 * Faults     A fault in the library comes back as MODELSIG_STATUS_INTERNAL, after a line on stderr; it does not unwind
 *            into the caller. Running out of memory ends the process.
 *
 * Unloading  On Linux the shared library, once loaded, stays loaded: dlclose is harmless and frees nothing.
 *
 * This file is made by cbindgen from the Rust sources. Change those.
 */


#ifndef MODELSIG_H
#define MODELSIG_H

#include <stdint.h>

/* The compiler warns when the result of the call is ignored. */
#if defined(__GNUC__) || defined(__clang__)
#define MODELSIG_MUST_USE __attribute__((warn_unused_result))
#else
#define MODELSIG_MUST_USE
#endif


/**
 * Major version of the header. modelsig_version tells that of the library.
 */
#define MODELSIG_VERSION_MAJOR 0

/**
 * Minor version of the header.
 */
#define MODELSIG_VERSION_MINOR 1

/**
 * Patch version of the header.
 */
#define MODELSIG_VERSION_PATCH 0

/**
 * Version of the binary interface that the header describes.
 *
 * It is raised when something that compiled callers rely on changes or goes, and not when something is added. On Linux
 * it is the number in the name of the shared library, libmodelsig.so.1.
 */
#define MODELSIG_ABI_VERSION 1

/**
 * Why a call failed: a code, a message for people, and the file that it is about.
 *
 * A call that fails makes one if it was given a place to put it. It then belongs to the caller, who releases it
 * with modelsig_error_free. It never changes: several threads may read the same error at once, and any thread may
 * free it when no other uses it any more.
 */
typedef struct modelsig_error modelsig_error;

/**
 * How a call ended: MODELSIG_STATUS_OK, or the reason why not.
 *
 * 0 is success. 100 to 199 are negative verdicts: the inputs are well-formed and do not hold. 200 to 299 are no
 * verdict: it could not be told. 300 is the caller's own doing. All but 0 are failures, also numbers that this header
 * does not list: a later version may add some, and never gives a number another meaning.
 */
typedef int32_t modelsig_status;

/**
 * Success. After modelsig_verify: every byte of the model was checked and is what was signed.
 */
#define MODELSIG_STATUS_OK 0

/**
 * The bytes of a file are not the signed ones, or it has another length.
 */
#define MODELSIG_STATUS_MISMATCH 100

/**
 * A signed file is not there.
 */
#define MODELSIG_STATUS_MISSING 101

/**
 * A file is there that was not signed.
 */
#define MODELSIG_STATUS_UNSIGNED 102

/**
 * A file changed while it was read.
 */
#define MODELSIG_STATUS_CHANGED 103

/**
 * A symbolic link, FIFO, socket or device stands in the model.
 */
#define MODELSIG_STATUS_FORBIDDEN_FILE 104

/**
 * The signature is not valid over the content.
 */
#define MODELSIG_STATUS_BAD_SIGNATURE 110

/**
 * The signature may be valid, but somebody else made it.
 */
#define MODELSIG_STATUS_UNTRUSTED 111

/**
 * The signed statement contradicts itself: its root digest is not that of the files it lists.
 */
#define MODELSIG_STATUS_ROOT_DIGEST 112

/**
 * The caller's policy forbids it.
 */
#define MODELSIG_STATUS_POLICY 120

/**
 * Too few distinct signers.
 */
#define MODELSIG_STATUS_THRESHOLD 121

/**
 * An argument is NULL, not UTF-8 where it has to be, or contradicts another.
 */
#define MODELSIG_STATUS_USAGE 200

/**
 * The model, the bundle or another file is not there.
 */
#define MODELSIG_STATUS_NOT_FOUND 201

/**
 * The operating system refused to open or read something.
 */
#define MODELSIG_STATUS_IO 202

/**
 * The bundle, or the statement inside it, is not well-formed.
 */
#define MODELSIG_STATUS_MALFORMED 203

/**
 * Well-formed, but beyond what this version or build supports.
 */
#define MODELSIG_STATUS_UNSUPPORTED 204

/**
 * Something is larger, longer or deeper than the limits allow.
 */
#define MODELSIG_STATUS_LIMIT 205

/**
 * The key cannot be used: not PEM, damaged, or of a kind that is not supported.
 */
#define MODELSIG_STATUS_KEY 206

/**
 * Something stands in the way of what was to be written.
 */
#define MODELSIG_STATUS_EXISTS 207

/**
 * The model has nothing to sign, or names that cannot be signed.
 */
#define MODELSIG_STATUS_UNSIGNABLE 208

/**
 * A fault of modelsig itself.
 */
#define MODELSIG_STATUS_INTERNAL 299

/**
 * The caller stopped it.
 */
#define MODELSIG_STATUS_CANCELLED 300

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The status of the call that failed, never MODELSIG_STATUS_OK.
 *
 * For NULL it is MODELSIG_STATUS_USAGE.
 */
modelsig_status modelsig_error_code(const modelsig_error *error);

/**
 * One sentence for people, in English: UTF-8, NUL-terminated, never NULL.
 *
 * It names the file, what was expected and what was found. Control characters in names are escaped, so that it can be
 * shown on a terminal. Programs should decide on the code: the wording may change.
 *
 * The text belongs to the error and lives as long as it. For NULL it is a fixed text that says so.
 */
const char *modelsig_error_message(const modelsig_error *error);

/**
 * The file or folder that the error is about, or NULL if it is about none: UTF-8, NUL-terminated.
 *
 * For a file of the model it is its name inside the model, with '/' between folders; for several bad files, the one
 * with the gravest problem. Otherwise it is the path as the call was given it. It is for display and for
 * comparison, not for opening: bytes that are not UTF-8 were replaced with U+FFFD. Nothing else is escaped: a name
 * may hold line breaks and other control characters.
 *
 * The text belongs to the error and lives as long as it. For NULL it is NULL.
 */
const char *modelsig_error_path(const modelsig_error *error);

/**
 * Releases an error and its texts. NULL is fine.
 *
 * Each error is freed once, by this function and not by free().
 */
void modelsig_error_free(modelsig_error *error);

/**
 * Checks that a model is exactly what the holder of a key signed: signature, names, and every byte of every file.
 *
 * The policy is the strict one: files that were not signed, symbolic links and special files in the model are
 * reasons to reject it. Only the bundle itself, what the signer recorded as left out, and .git, .gitattributes,
 * .github and .gitignore are passed over, as OpenSSF Model Signing says. Files are read and not mapped, so that
 * another process that cuts one short cannot kill this one.
 *
 * MODELSIG_STATUS_OK says that the files held the signed bytes while they were read. Whoever can write to them can
 * change them afterwards: load the model from a place where nobody else can write.
 *
 * The call blocks until it is done. It hashes on as many threads as there are CPUs, started for this call. It keeps
 * no state: any number of threads may call it at once.
 *
 * @param model_path      The folder of the model, or its only file.
 * @param bundle_path     The signature bundle. It may lie inside the model.
 * @param public_key_pem  The key to trust, as the text of a PEM file ("-----BEGIN PUBLIC KEY-----"): Ed25519, P-256,
 *                        P-384 or P-521. Not a path.
 * @param error           Where to put the reason of a failure, or NULL. *error is set to NULL first, whatever it
 *                        held, and to a new modelsig_error if the call fails; the caller then frees it.
 * @return MODELSIG_STATUS_OK if everything holds; every other status means that the model must not be used. With
 *         several problems in the model it is the status of the gravest.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verify(const char *model_path,
                                const char *bundle_path,
                                const char *public_key_pem,
                                modelsig_error **error);

/**
 * The version of the library, such as "1.2.3". The text is static: nobody frees it.
 */
const char *modelsig_version(void);

/**
 * The version of the binary interface of the library.
 *
 * A caller that loads the library at run time compares it with MODELSIG_ABI_VERSION, and calls nothing else if they
 * differ.
 */
uint32_t modelsig_abi_version(void);

/**
 * How SHA-256 is computed on this machine, such as "sha-ni-4, 1: sha2", for logs. The text is static: nobody frees it.
 *
 * It is found out, and tested with known answers, by the first call that hashes, or by this one. What follows a
 * semicolon says why the fastest way is not in use. Digests do not depend on it.
 */
const char *modelsig_sha256_kernel(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MODELSIG_H */
