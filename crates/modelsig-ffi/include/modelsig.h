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
 * Outputs    Every other result goes to an out-parameter. It is set to NULL, 0 or (a descriptor) -1 when the call begins,
 *            and to the result only on success.
 *
 * Ownership  What a call hands out as a pointer to non-const belongs to the caller, who gives it back to the _free
 *            function of its kind: once, in any order, and not to free(). Every _free function takes NULL. A pointer to
 *            const that a call returns points into the object it was asked of and lives as long as that. Arguments stay
 *            the caller's; nothing is kept when the call has returned, unless its description says so.
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
 *            into the caller (a library that was built with panic=abort ends the process instead). Running out of memory
 *            ends the process. The library installs no signal handlers.
 *
 * Unloading  On Linux the shared library, once loaded, stays loaded: dlclose is harmless and frees nothing.
 *
 * Objects    modelsig_verifier  whom to trust              modelsig_model   what holds, and hands out verified bytes
 *            modelsig_options   what to insist on          modelsig_bytes   such bytes
 *            modelsig_source    where bytes come from      modelsig_stream  such bytes while they arrive
 *            modelsig_cancel    ends a call                modelsig_error   why a call failed
 *
 * This file is made by cbindgen from the Rust sources. Change those.
 */


#ifndef MODELSIG_H
#define MODELSIG_H

#include <stddef.h>
#include <stdint.h>

/* The compiler warns when the result of the call is ignored. */
#if defined(__GNUC__) || defined(__clang__)
#define MODELSIG_MUST_USE __attribute__((warn_unused_result))
#else
#define MODELSIG_MUST_USE
#endif


/**
 * No offset is known. See modelsig_error_offset.
 */
#define MODELSIG_NO_OFFSET UINT64_MAX

/**
 * The chunks of the chunk index where there is one, else the whole file.
 */
#define MODELSIG_CHECK_CHUNKS 0

/**
 * The whole-file digest, which every OpenSSF Model Signing tool checks.
 */
#define MODELSIG_CHECK_WHOLE 1

/**
 * Both, in one pass.
 */
#define MODELSIG_CHECK_BOTH 2

/**
 * The file in place, whoever can write to it: only with MODELSIG_DANGER_UNPROTECTED.
 */
#define MODELSIG_PROTECTION_UNPROTECTED 1

/**
 * The file in place, which nobody but this user and root can write to.
 */
#define MODELSIG_PROTECTION_STABLE 2

/**
 * Memory of this process: the bytes were checked there.
 */
#define MODELSIG_PROTECTION_PRIVATE 3

/**
 * A clone of the file without a name, made before it was checked.
 */
#define MODELSIG_PROTECTION_CLONE 4

/**
 * A copy in memory that was sealed against writing before it was checked: nobody can change it. Linux and Android.
 */
#define MODELSIG_PROTECTION_SEALED 5

/**
 * fs-verity: the kernel lets nobody write to the file, and checks each page that it reads. Linux and Android.
 */
#define MODELSIG_PROTECTION_KERNEL 6

/**
 * Stop reading at the first problem instead of collecting them all. Names and lengths are compared before, all together.
 */
#define MODELSIG_FAIL_FAST 1

/**
 * Treat .git, .gitattributes, .github and .gitignore like any other file.
 */
#define MODELSIG_STRICT_GIT 2

/**
 * Do not leave out what only the signer's list leaves out.
 */
#define MODELSIG_REFUSE_BUNDLE_IGNORES 4

/**
 * Accept files that were not signed. Whoever can write to the folder can add code that a loader may run.
 */
#define MODELSIG_DANGER_UNSIGNED_FILES 65536

/**
 * Follow symbolic links to files inside the model, if the signer did so too.
 */
#define MODELSIG_DANGER_SYMLINKS 131072

/**
 * Accept bundles of model-signing 0.2.0, which sign neither a root digest nor how the files were chosen.
 */
#define MODELSIG_DANGER_LEGACY 262144

/**
 * Hand out files in place, whoever can write to them, where nothing better is to be had.
 */
#define MODELSIG_DANGER_UNPROTECTED 524288

/**
 * Up to the end of the file: a length for modelsig_source_from_fd and modelsig_source_from_path_part. It is -1 in
 * 64 bits, which Android's AssetFileDescriptor calls UNKNOWN_LENGTH.
 */
#define MODELSIG_TO_END UINT64_MAX

/**
 * An Ed25519 key: 32 bytes (RFC 8032).
 */
#define MODELSIG_KEY_ED25519 1

/**
 * A key on the curve P-256: a point as SEC 1 writes it, 65 bytes, or 33 if it is compressed.
 */
#define MODELSIG_KEY_P256 2

/**
 * A key on the curve P-384: 97 bytes, or 49.
 */
#define MODELSIG_KEY_P384 3

/**
 * A key on the curve P-521: 133 bytes, or 67.
 */
#define MODELSIG_KEY_P521 4

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
 * Bytes of a signed file that were checked: in memory of the library, or mapped from a file that cannot change. They never
 * change, and live until they are freed, also longer than the model that they are from. Any number of threads may read
 * them at once.
 */
typedef struct modelsig_bytes modelsig_bytes;

/**
 * Stops calls from any thread: put it into the modelsig_options of a call, and request the end when you want it.
 *
 * It may be shared by any number of calls and threads. It must not be freed before the calls that got it have begun;
 * what they began keeps what it needs of it.
 */
typedef struct modelsig_cancel modelsig_cancel;

/**
 * Why a call failed: a code, a message for people, and the file that it is about.
 *
 * A call that fails makes one if it was given a place to put it. It then belongs to the caller, who releases it
 * with modelsig_error_free. It never changes: several threads may read the same error at once, and any thread may
 * free it when no other uses it any more.
 */
typedef struct modelsig_error modelsig_error;

/**
 * A model whose signature holds, and whose files were found with the signed names and lengths. What is asked of it is
 * checked before it is handed out; nothing but signed names can be reached through it.
 *
 * The options with which it was opened hold as long as it lives, and so must the userdata of their progress callback. When
 * the callback or the token asks for the end, the calls that are under way end, and so does every later one that would
 * read or hash.
 *
 * Through pointers to const, any number of threads may use one model at once; the callback is then called on each of them.
 */
typedef struct modelsig_model modelsig_model;

/**
 * Where bytes come from: those of a bundle, or the content of a resource. A file, a part of one (an entry of an APK that
 * is stored uncompressed), a descriptor, or memory.
 *
 * It never changes: several threads may use the same source at once.
 */
typedef struct modelsig_source modelsig_source;

/**
 * A signed file that is checked while it arrives, from its first byte to its last. It is refused at the first chunk that is
 * not what was signed, while a download is still running; where a bundle has neither chunks nor shards, at the end.
 *
 * One thread at a time may use it.
 */
typedef struct modelsig_stream modelsig_stream;

/**
 * Whom to trust: keys, and issuers of certificates. Any one of them is enough. Without any, nothing can be verified.
 *
 * Fill it first, and use it then: through pointers to const, any number of threads may verify with one verifier at once.
 * It keeps nothing of what it has verified.
 */
typedef struct modelsig_verifier modelsig_verifier;

/**
 * How a call ended: MODELSIG_STATUS_OK, or the reason why not.
 *
 * 0 is success. 100 to 199 are negative verdicts: the inputs are well-formed and do not hold. 200 to 299 are no
 * verdict: it could not be told. 300 is the caller's own doing. All but 0 are failures, also numbers that this header
 * does not list: a later version may add some, and never gives a number another meaning.
 */
typedef int32_t modelsig_status;

/**
 * Is told how far a call has come: `done` of `total` bytes, each counted since the call began, or for a modelsig_model
 * since it was opened. `total` may grow while files are found. A result other than 0 asks the call to end with
 * MODELSIG_STATUS_CANCELLED; where nothing is left to be done it is not looked at.
 *
 * It is called only on the thread of the call, a few times a second at least while there is something to tell, and not
 * after the call has returned. It must not unwind (no C++ exception, no longjmp) out of itself. It must not free what the
 * call was given, except for a cancel token, and not use a model that modelsig_model_load_all is loading.
 */
typedef int32_t (*modelsig_progress_callback)(void *userdata, uint64_t done, uint64_t total);

/**
 * What to insist on, and how to work. Zero is the default of every member, so that the shortest way is
 * `modelsig_options options = {0}; options.struct_size = sizeof options;`. Wherever options are asked for, NULL stands for
 * all defaults.
 */
typedef struct {
    /**
     * sizeof(modelsig_options), so that the library knows which header the caller was compiled with.
     */
    size_t struct_size;
    /**
     * The longest file, in bytes, that is copied into memory to protect it. 0: no limit.
     */
    uint64_t max_copy_bytes;
    /**
     * Bytes of all files of the model together, beyond which it is refused. 0: no limit.
     */
    uint64_t max_model_bytes;
    /**
     * Is told how far the call has come, or NULL.
     */
    modelsig_progress_callback progress;
    /**
     * Handed to `progress` as it is.
     */
    void *userdata;
    /**
     * Ends the call from another thread, or NULL.
     */
    const modelsig_cancel *cancel;
    /**
     * Threads to hash on, 256 at most. 0: one for each CPU. 1: the thread of the call does all the work, and none is
     * started.
     */
    uint32_t threads;
    /**
     * Which digests are compared: MODELSIG_CHECK_CHUNKS (0), MODELSIG_CHECK_WHOLE or MODELSIG_CHECK_BOTH.
     */
    uint32_t check;
    /**
     * The weakest protection on which bytes are handed out, MODELSIG_PROTECTION_STABLE to MODELSIG_PROTECTION_KERNEL.
     * 0: MODELSIG_PROTECTION_PRIVATE.
     */
    uint32_t min_protection;
    /**
     * MODELSIG_FAIL_FAST and others, or-ed.
     */
    uint32_t flags;
} modelsig_options;

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
 * A file changed while it was looked at, or was replaced or removed then.
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
 * The first of the bytes. They can only be read. Never NULL, except for NULL; where there are none it must not be read.
 *
 * Those of a whole file of more than 64 KiB begin at a page, and so suit every type of number. Those of a tensor begin where
 * they do in the file.
 */
const uint8_t *modelsig_bytes_data(const modelsig_bytes *bytes);

/**
 * How many there are. For NULL it is 0.
 */
uint64_t modelsig_bytes_length(const modelsig_bytes *bytes);

/**
 * What keeps them from changing, MODELSIG_PROTECTION_UNPROTECTED to MODELSIG_PROTECTION_KERNEL. For NULL it is 0.
 */
uint32_t modelsig_bytes_protection(const modelsig_bytes *bytes);

/**
 * Releases the bytes. NULL is fine.
 */
void modelsig_bytes_free(modelsig_bytes *bytes);

/**
 * Makes a token that nobody has used yet.
 *
 * @param cancel  Where to put it. The caller frees it with modelsig_cancel_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE modelsig_status modelsig_cancel_new(modelsig_cancel **cancel, modelsig_error **error);

/**
 * Asks the calls that have the token to end soon, with MODELSIG_STATUS_CANCELLED. It cannot be taken back. NULL is fine.
 *
 * It only sets a flag: it may be called from any thread, and from a signal handler.
 */
void modelsig_cancel_request(const modelsig_cancel *cancel);

/**
 * 1 once the end was requested, else 0. For NULL it is 0.
 */
int32_t modelsig_cancel_requested(const modelsig_cancel *cancel);

/**
 * Releases a token. NULL is fine.
 */
void modelsig_cancel_free(modelsig_cancel *cancel);

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
 * The first byte of the file that is known to be bad, or MODELSIG_NO_OFFSET if none is known: of the damaged chunk or
 * shard, where the bundle lists any; of what is missing or too much at the end of the file. Of content that is a part
 * of a larger file it is counted from where the part begins.
 *
 * For NULL it is MODELSIG_NO_OFFSET.
 */
uint64_t modelsig_error_offset(const modelsig_error *error);

/**
 * The whole report on a model that was rejected, as JSON, or NULL if it did not come so far: every file with what was
 * expected and found. Its members are those that `modelsig verify --json` prints of
 * one, and are only ever added to.
 *
 * The text belongs to the error and lives as long as it. For NULL it is NULL.
 */
const char *modelsig_error_report(const modelsig_error *error);

/**
 * Releases an error and its texts. NULL is fine.
 *
 * Each error is freed once, by this function and not by free().
 */
void modelsig_error_free(modelsig_error *error);

/**
 * What a bundle claims, as JSON with the members that `modelsig inspect --json` prints of one: method, hint of the key, names and
 * sizes of the files. No signature is checked, and anybody can write anything into a bundle: this is for showing, and for
 * finding out which key or which files to fetch.
 *
 * @param bundle  The bundle.
 * @param json    Where to put the text. The caller frees it with modelsig_string_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_inspect(const modelsig_source *bundle,
                                 char **json,
                                 modelsig_error **error);

/**
 * Releases a text that a call has handed out as char *, and that nobody has changed since. NULL is fine.
 */
void modelsig_string_free(char *string);

/**
 * How many files are signed. For NULL it is 0.
 */
uint64_t modelsig_model_count(const modelsig_model *model);

/**
 * The name of a signed file inside the model, with '/' between folders: UTF-8, in order of the code points. NULL when
 * `index` is not less than their number, and for NULL.
 *
 * The text belongs to the model and lives as long as it.
 */
const char *modelsig_model_name(const modelsig_model *model,
                                uint64_t index);

/**
 * The length of a signed file in bytes: as it was found when the model was opened, or, of one that is not there, as it was
 * signed.
 *
 * @param model   The model.
 * @param name    The signed name.
 * @param length  Where to put the length.
 * @param error   Where to put the reason of a failure, or NULL.
 * @return        MODELSIG_STATUS_UNSIGNED for a name that is not signed; MODELSIG_STATUS_MISSING for a file that is not
 *                there and whose length is not signed.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_length(const modelsig_model *model,
                                      const char *name,
                                      uint64_t *length,
                                      modelsig_error **error);

/**
 * Reads some bytes of a signed file: only the chunks or shards that they lie in are read from storage, and checked. Where
 * neither is signed, or the options ask for MODELSIG_CHECK_WHOLE or MODELSIG_CHECK_BOTH, the first call for a file hashes
 * all of it. Where they ask for more than MODELSIG_PROTECTION_PRIVATE, it loads all of it, which then stays.
 *
 * @param model   The model.
 * @param name    The signed name.
 * @param offset  The first byte.
 * @param buffer  Where to put the bytes. It is written only on success, and then completely.
 * @param length  How many bytes. All of them must lie inside the file.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_read(const modelsig_model *model,
                                    const char *name,
                                    uint64_t offset,
                                    void *buffer,
                                    size_t length,
                                    modelsig_error **error);

/**
 * The whole content of a signed file: read once and checked where it then stays, in memory or, where a file cannot change
 * any more, mapped.
 *
 * @param model  The model.
 * @param name   The signed name.
 * @param bytes  Where to put the bytes. The caller frees them with modelsig_bytes_free.
 * @param error  Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_load(const modelsig_model *model,
                                    const char *name,
                                    modelsig_bytes **bytes,
                                    modelsig_error **error);

/**
 * A tensor of a safetensors or GGUF file: only the header and the parts that the tensor lies in are read and checked.
 *
 * @param model   The model.
 * @param file    The signed name of the file that it is in, or NULL for whichever has it.
 * @param tensor  Its name.
 * @param bytes   Where to put the bytes. The caller frees them with modelsig_bytes_free.
 * @param error   Where to put the reason of a failure, or NULL.
 * @return        MODELSIG_STATUS_MISSING if there is none of that name; MODELSIG_STATUS_USAGE if several files have one;
 *                MODELSIG_STATUS_UNSIGNED for a file that is not signed; MODELSIG_STATUS_UNSUPPORTED where the library was
 *                built without tensors.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_load_tensor(const modelsig_model *model,
                                           const char *file,
                                           const char *tensor,
                                           modelsig_bytes **bytes,
                                           modelsig_error **error);

/**
 * A descriptor of a signed file, all of which was checked, and which others cannot write to: of the file itself where
 * fs-verity guards it, of a sealed copy in memory, or of a clone. It is open for reading only, at its beginning, has a
 * position of its own, and is closed by exec. Only on Unix; elsewhere MODELSIG_STATUS_UNSUPPORTED. Where there is neither
 * of these (iOS), MODELSIG_STATUS_POLICY, unless the options accept less.
 *
 * On Linux a reader that insists on a path can be given "/proc/self/fd/N".
 *
 * @param model       The model.
 * @param name        The signed name.
 * @param fd          Where to put the descriptor, -1 until there is one. The caller closes it.
 * @param protection  Where to put what keeps it from changing, a MODELSIG_PROTECTION_ number, or NULL.
 * @param error       Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_fd(const modelsig_model *model,
                                  const char *name,
                                  int32_t *fd,
                                  uint32_t *protection,
                                  modelsig_error **error);

/**
 * Loads and checks all files in one pass over storage. From then on every other call hands out what was loaded, and does not
 * look at the files again. Nobody else may use the model meanwhile.
 *
 * If it fails, for whatever reason, the model is of no use any more: every later call gives MODELSIG_STATUS_USAGE,
 * and it can only be freed.
 *
 * @param model  The model.
 * @param error  Where to put the reason of a failure, or NULL. If files do not hold, modelsig_error_report tells of every
 *               one.
 * @return       MODELSIG_STATUS_USAGE too for a model that was opened without any resource.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_load_all(modelsig_model *model,
                                        modelsig_error **error);

/**
 * What was found so far: signer, names, sizes, and what was checked, as JSON: the report in what
 * `modelsig verify --json` prints.
 *
 * @param model  The model.
 * @param json   Where to put the text. The caller frees it with modelsig_string_free.
 * @param error  Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_report(const modelsig_model *model,
                                      char **json,
                                      modelsig_error **error);

/**
 * All tensors of all safetensors and GGUF files, by name, as a JSON array: of each the file, name, dtype, shape and byte
 * range. Headers are checked before they are looked at; nothing else is read, where chunks or shards are signed.
 *
 * @param model  The model.
 * @param json   Where to put the text. The caller frees it with modelsig_string_free.
 * @param error  Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_tensors(const modelsig_model *model,
                                       char **json,
                                       modelsig_error **error);

/**
 * Begins to check a signed file that arrives from its first byte to its last: a download, or a pipe. The file need not be
 * there.
 *
 * @param model   The model. The stream does not need it any more.
 * @param name    The signed name.
 * @param stream  Where to put the stream. The caller frees it with modelsig_stream_free.
 * @param error   Where to put the reason of a failure, or NULL.
 * @return        MODELSIG_STATUS_UNSIGNED for a name that is not signed.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_model_stream(const modelsig_model *model,
                                      const char *name,
                                      modelsig_stream **stream,
                                      modelsig_error **error);

/**
 * Releases a model. NULL is fine. Bytes, descriptors and streams that came from it live on.
 */
void modelsig_model_free(modelsig_model *model);

/**
 * A whole file by its path, symbolic links followed. It is opened when the source is used, and must then be a regular
 * file.
 *
 * @param path    Where it is.
 * @param source  Where to put the source. The caller frees it with modelsig_source_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_source_from_path(const char *path,
                                          modelsig_source **source,
                                          modelsig_error **error);

/**
 * A part of a file by its path, as Play Asset Delivery's AssetLocation tells it. The file is opened when the source is
 * used.
 *
 * @param path    Where the file is.
 * @param offset  Where the part begins, in bytes.
 * @param length  How long it is, in bytes, or MODELSIG_TO_END.
 * @param source  Where to put the source. The caller frees it with modelsig_source_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_source_from_path_part(const char *path,
                                               uint64_t offset,
                                               uint64_t length,
                                               modelsig_source **source,
                                               modelsig_error **error);

/**
 * A part of an open file. Only on Unix; elsewhere MODELSIG_STATUS_UNSUPPORTED.
 *
 * The descriptor is duplicated now and stays the caller's: it is never closed, and its position is neither used nor
 * moved. It must be open for reading. When the source is used it must be that of a regular file: for a pipe or a socket,
 * which some content:// providers hand out, use modelsig_model_stream.
 *
 * @param fd      The descriptor.
 * @param offset  Where the part begins, in bytes.
 * @param length  How long it is, in bytes, or MODELSIG_TO_END.
 * @param source  Where to put the source. The caller frees it with modelsig_source_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_source_from_fd(int32_t fd,
                                        uint64_t offset,
                                        uint64_t length,
                                        modelsig_source **source,
                                        modelsig_error **error);

/**
 * Bytes in memory. They are not copied: they must live, and nobody may write to them, as long as the source is used.
 *
 * @param data    The bytes. It may be NULL if there are none.
 * @param length  How many there are.
 * @param source  Where to put the source. The caller frees it with modelsig_source_free.
 * @param error   Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_source_from_buffer(const void *data,
                                            size_t length,
                                            modelsig_source **source,
                                            modelsig_error **error);

/**
 * Releases a source. NULL is fine. What was opened with it does not need it any more.
 */
void modelsig_source_free(modelsig_source *source);

/**
 * The next bytes of the file. They are not kept.
 *
 * They may be written to a temporary file, but nobody may use them before modelsig_stream_finish has returned
 * MODELSIG_STATUS_OK, or, if only a part is of use, up to modelsig_stream_verified.
 *
 * @param stream  The stream.
 * @param data    The bytes. It may be NULL if there are none.
 * @param length  How many there are.
 * @param error   Where to put the reason of a failure, or NULL.
 * @return        MODELSIG_STATUS_MISMATCH for a chunk that is not what was signed, and for bytes after the end. Then the
 *                stream stays refused.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_stream_update(modelsig_stream *stream,
                                       const void *data,
                                       size_t length,
                                       modelsig_error **error);

/**
 * How many bytes from the start on are proven to be the signed ones: whole chunks or shards, where these are compared,
 * and after modelsig_stream_finish all of them. A download that broke off can go on from there, if this much of it was kept in a
 * place where nobody else can write, with a new stream that is given it again. For NULL it is 0.
 */
uint64_t modelsig_stream_verified(const modelsig_stream *stream);

/**
 * The end of the file. MODELSIG_STATUS_OK says that all of it was there and is what was signed. Whatever it returns, the
 * stream can only be freed now.
 *
 * @param stream  The stream.
 * @param error   Where to put the reason of a failure, or NULL.
 * @return        MODELSIG_STATUS_MISMATCH if it was cut short or is not what was signed.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_stream_finish(modelsig_stream *stream,
                                       modelsig_error **error);

/**
 * Releases a stream. NULL is fine. Before modelsig_stream_finish this means that the file is given up.
 */
void modelsig_stream_free(modelsig_stream *stream);

/**
 * Makes a verifier that trusts nobody yet.
 *
 * @param verifier  Where to put it. The caller frees it with modelsig_verifier_free.
 * @param error     Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE modelsig_status modelsig_verifier_new(modelsig_verifier **verifier, modelsig_error **error);

/**
 * Trusts a key.
 *
 * @param verifier  The verifier.
 * @param pem       The key as the text of a PEM file ("-----BEGIN PUBLIC KEY-----"): Ed25519, P-256, P-384 or P-521. Not
 *                  a path.
 * @param error     Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_add_key_pem(modelsig_verifier *verifier,
                                              const char *pem,
                                              modelsig_error **error);

/**
 * Trusts a key that is given without any wrapping.
 *
 * @param verifier  The verifier.
 * @param key_type  MODELSIG_KEY_ED25519, MODELSIG_KEY_P256, MODELSIG_KEY_P384 or MODELSIG_KEY_P521.
 * @param key       Its bytes.
 * @param length    How many there are.
 * @param error     Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_add_key_raw(modelsig_verifier *verifier,
                                              uint32_t key_type,
                                              const uint8_t *key,
                                              size_t length,
                                              modelsig_error **error);

/**
 * Trusts issuers of certificates: signatures that were made with a certificate under one of them. Whoever can get a
 * certificate from them can then sign, unless identities are added too.
 *
 * @param verifier  The verifier.
 * @param pem       One or more certificates, as the text of a PEM file. They need not be self-signed.
 * @param error     Where to put the reason of a failure, or NULL.
 * @return          MODELSIG_STATUS_UNSUPPORTED where the library was built without certificates.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_add_anchors(modelsig_verifier *verifier,
                                              const char *pem,
                                              modelsig_error **error);

/**
 * Expects this owner of the signing certificate, or another one that is added in this way.
 *
 * @param verifier  The verifier, which must have anchors before it is used.
 * @param identity  A subject alternative name, exactly: an email address, a URI or a DNS name; or "subject:" and the
 *                  whole subject as RFC 4514 writes it.
 * @param error     Where to put the reason of a failure, or NULL.
 * @return          MODELSIG_STATUS_UNSUPPORTED where the library was built without certificates.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_add_identity(modelsig_verifier *verifier,
                                               const char *identity,
                                               modelsig_error **error);

/**
 * Releases a verifier. NULL is fine. What was opened with it does not need it any more.
 */
void modelsig_verifier_free(modelsig_verifier *verifier);

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
 * Checks that a model is exactly what somebody signed whom the verifier trusts: signature, names, and every byte of every
 * file. As modelsig_verify, with everything to choose.
 *
 * @param verifier    Whom to trust.
 * @param model_path  The folder of the model, or its only file.
 * @param bundle      The signature bundle. One that is given by its path may lie inside the model.
 * @param options     What to insist on and how to work, or NULL for the defaults.
 * @param report      Where to put what was found, as JSON: the report in what `modelsig verify --json` prints; or NULL. The
 *                    caller frees it with modelsig_string_free. Of a model that is rejected, modelsig_error_report has it.
 * @param error       Where to put the reason of a failure, or NULL.
 * @return MODELSIG_STATUS_OK if everything holds; every other status means that the model must not be used.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_verify(const modelsig_verifier *verifier,
                                         const char *model_path,
                                         const modelsig_source *bundle,
                                         const modelsig_options *options,
                                         char **report,
                                         modelsig_error **error);

/**
 * Checks one resource of a bundle, wherever its content lies: an entry of an APK, a file of an asset pack, a descriptor from
 * a content:// provider, or memory. Nothing is asked of the other files that the bundle lists.
 *
 * MODELSIG_STATUS_OK says that the content had the signed bytes while it was read. Use the very same source afterwards, and
 * only if nobody else can write to it; otherwise take the bytes of modelsig_verifier_open_resources.
 *
 * @param verifier  Whom to trust.
 * @param bundle    The signature bundle.
 * @param name      The signed name, with '/' between folders.
 * @param content   Where its bytes are.
 * @param options   What to insist on and how to work, or NULL for the defaults.
 * @param report    As for modelsig_verifier_verify. The verdict in it is "verified-part" if the bundle lists more.
 * @param error     Where to put the reason of a failure, or NULL.
 * @return MODELSIG_STATUS_OK if the resource holds; MODELSIG_STATUS_UNSIGNED for a name that the bundle does not list.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_verify_resource(const modelsig_verifier *verifier,
                                                  const modelsig_source *bundle,
                                                  const char *name,
                                                  const modelsig_source *content,
                                                  const modelsig_options *options,
                                                  char **report,
                                                  modelsig_error **error);

/**
 * Opens a model: signature, names and lengths are checked now, bytes when they are handed out.
 *
 * @param verifier    Whom to trust.
 * @param model_path  The folder of the model, or its only file.
 * @param bundle      The signature bundle. One that is given by its path may lie inside the model.
 * @param options     What to insist on and how to work, or NULL for the defaults. They hold as long as the model.
 * @param model       Where to put the model. The caller frees it with modelsig_model_free.
 * @param error       Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_open(const modelsig_verifier *verifier,
                                       const char *model_path,
                                       const modelsig_source *bundle,
                                       const modelsig_options *options,
                                       modelsig_model **model,
                                       modelsig_error **error);

/**
 * Opens some resources of a bundle whose content lies in no folder. Signature, names and lengths are checked now, bytes when
 * they are handed out. Of a part of a file only copies can be handed out: in memory, or sealed.
 *
 * Without any resource the model is good for modelsig_model_stream, and for telling names and lengths.
 *
 * @param verifier  Whom to trust.
 * @param bundle    The signature bundle.
 * @param names     `count` signed names, with '/' between folders.
 * @param contents  `count` sources, in the same order. Memory is MODELSIG_STATUS_UNSUPPORTED here: it is already where it
 *                  is to be used, and modelsig_verifier_verify_resource checks it there.
 * @param count     How many there are; 0 is allowed.
 * @param options   What to insist on and how to work, or NULL for the defaults. They hold as long as the model.
 * @param model     Where to put the model. The caller frees it with modelsig_model_free.
 * @param error     Where to put the reason of a failure, or NULL.
 */
MODELSIG_MUST_USE
modelsig_status modelsig_verifier_open_resources(const modelsig_verifier *verifier,
                                                 const modelsig_source *bundle,
                                                 const char *const *names,
                                                 const modelsig_source *const *contents,
                                                 size_t count,
                                                 const modelsig_options *options,
                                                 modelsig_model **model,
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
 * What the library was built with, of "blake2b", "certificate", "rayon" and "tensors", with commas between: BLAKE2b digests,
 * signatures with certificates, hashing on several threads, and reading tensors by their names. What is missing is
 * MODELSIG_STATUS_UNSUPPORTED; without "rayon" the thread of the call does all the work. The text is static: nobody frees it.
 */
const char *modelsig_features(void);

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
