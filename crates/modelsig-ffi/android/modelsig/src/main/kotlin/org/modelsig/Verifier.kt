package org.modelsig

/**
 * Whom to trust: keys and certificate authorities, of which any one is enough.
 *
 * It does not change once it is built, so that any number of threads may use it at once. Every call blocks and does
 * I/O: not for the main thread.
 */
class Verifier private constructor(private val handle: Handle) : AutoCloseable {
    init {
        handle.watch(this)
    }

    /** Collects what a verifier trusts. */
    class Builder {
        private val additions = mutableListOf<(Long) -> Unit>()

        /** A public key as the text of a PEM file ("-----BEGIN PUBLIC KEY-----"). */
        fun key(pem: String) = add { Native.verifierAddKeyPem(it, utf8(pem, "the key")) }

        /** A public key as raw bytes. */
        fun key(type: KeyType, key: ByteArray): Builder {
            val copy = key.copyOf()
            return add { Native.verifierAddKeyRaw(it, type.number, copy) }
        }

        /** Certificates of authorities, as the text of a PEM file. [UnsupportedException] where this build has none. */
        fun anchors(pem: String) = add { Native.verifierAddAnchors(it, utf8(pem, "the anchors")) }

        /** A name that the signer's certificate must have, beside being issued by one of the [anchors]. */
        fun identity(identity: String) = add { Native.verifierAddIdentity(it, utf8(identity, "the identity")) }

        /** @throws KeyException if a key or certificate cannot be used */
        @Throws(ModelsigException::class)
        fun build(): Verifier {
            val handle = Handle(Native.verifierNew(), "verifier", free = Native::verifierFree)
            try {
                additions.forEach(handle::shared)
            } catch (fault: Throwable) {
                handle.close()
                throw fault
            }
            return Verifier(handle)
        }

        private fun add(addition: (Long) -> Unit): Builder = apply { additions += addition }
    }

    /**
     * Checks a folder or file, whole, against [bundle]: signature, names, and every byte of every file.
     *
     * It says what was found while the files were read. To load bytes that nobody can change in between, [open].
     *
     * @return the report, as JSON
     * @throws RejectedException if the model is bad
     * @throws UndecidedException if it could not be told
     * @throws CancelledException if [options] stopped it
     */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun verify(model: String, bundle: Source, options: Options = Options()): String {
        val path = utf8(model, "the path")
        return handle.shared { verifier ->
            bundle.handle.shared { signed ->
                options.native { text(Native.verifierVerify(verifier, path, signed, it)) }
            }
        }
    }

    /**
     * Checks [content] as the file [name] of the model that [bundle] describes: for apps, which rarely have a folder.
     *
     * @return the report, as JSON
     * @throws ModelsigException as [verify]
     */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun verifyResource(bundle: Source, name: String, content: Source, options: Options = Options()): String {
        val utf8 = utf8(name, "the name")
        return handle.shared { verifier ->
            bundle.handle.shared { signed ->
                content.handle.shared { bytes ->
                    options.native { text(Native.verifierVerifyResource(verifier, signed, utf8, bytes, it)) }
                }
            }
        }
    }

    /**
     * Opens a folder or file: signature, names and lengths are checked now, bytes when they are handed out.
     *
     * Progress and cancellation of [options] belong to the model.
     *
     * @throws ModelsigException as [verify]
     */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun open(model: String, bundle: Source, options: Options = Options()): Model {
        val path = utf8(model, "the path")
        return handle.shared { verifier ->
            bundle.handle.shared { signed ->
                model(options) { Native.verifierOpen(verifier, path, signed, it) }
            }
        }
    }

    /**
     * Opens files that lie apart: each under its name in the model. Names that are not in [contents] can only be
     * streamed ([Model.stream]), so that none at all are fine.
     *
     * @throws UnsupportedException for a source made from a buffer, among others
     * @throws ModelsigException as [verify]
     */
    @JvmOverloads
    @Throws(ModelsigException::class)
    fun openResources(
        bundle: Source,
        contents: Map<String, Source> = emptyMap(),
        options: Options = Options(),
    ): Model {
        val entries = contents.toList()
        val names = Array(entries.size) { utf8(entries[it].first, "the name") }
        return handle.shared { verifier ->
            bundle.handle.shared { signed ->
                using(entries.map { it.second.handle }) { sources ->
                    model(options) { Native.verifierOpenResources(verifier, signed, names, sources, it) }
                }
            }
        }
    }

    /** Calls that run go on to their end. */
    override fun close() = handle.close()

    companion object {
        /** A verifier that trusts the one key in the text of a PEM file. */
        @JvmStatic
        @Throws(ModelsigException::class)
        fun ofKey(pem: String): Verifier = Builder().key(pem).build()

        private fun model(options: Options, open: (Long) -> Long): Model =
            Model(options.handle("model", open, Native::modelFree))

        /** All the handles in use at once, for [block]. */
        private fun <T> using(handles: List<Handle>, block: (LongArray) -> T): T {
            val pointers = LongArray(handles.size)
            var entered = 0
            try {
                handles.forEach { pointers[entered++] = it.enter(alone = false) }
                return block(pointers)
            } finally {
                handles.take(entered).forEach(Handle::leave)
            }
        }
    }
}

/** The kinds of keys that can be given as raw bytes. */
enum class KeyType(internal val number: Int) {
    /** 32 bytes. */
    ED25519(1),

    /** A point as SEC 1 writes it. */
    P256(2),

    /** A point as SEC 1 writes it. */
    P384(3),

    /** A point as SEC 1 writes it. */
    P521(4),
}
