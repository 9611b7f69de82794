package org.modelsig

/**
 * Why nothing may be loaded. There are three kinds, and a program should tell them apart: [RejectedException]: the
 * model is bad; [UndecidedException]: it could not be told; [CancelledException]: you stopped it.
 *
 * @property status the number of the C status; numbers are added and never reused.
 * @property path the file that it is about, if it is about one: for a file of the model its name inside the model. For
 *   display and for comparison; it may hold line breaks and other control characters, [message] has them escaped.
 * @property offset the first byte of that file that is known to be bad, where that is known.
 * @property report the whole report as JSON, if a model was rejected.
 */
sealed class ModelsigException(
    val status: Int,
    message: String,
    val path: String?,
    val offset: Long?,
    val report: String?,
) : Exception(message) {
    internal class Facts(
        val status: Int,
        val message: String,
        val path: String?,
        val offset: Long?,
        val report: String?,
    )

    internal companion object {
        fun of(status: Int, message: String, path: String?, offset: Long?, report: String?): ModelsigException {
            val facts = Facts(status, message, path, offset, report)
            return when (status) {
                100 -> MismatchException(facts)
                101 -> MissingException(facts)
                102 -> UnsignedException(facts)
                103 -> ChangedException(facts)
                104 -> ForbiddenFileException(facts)
                110 -> BadSignatureException(facts)
                111 -> UntrustedException(facts)
                112 -> RootDigestException(facts)
                120 -> PolicyException(facts)
                121 -> ThresholdException(facts)
                200 -> UsageException(facts)
                201 -> NotFoundException(facts)
                202 -> ReadException(facts)
                203 -> MalformedException(facts)
                204 -> UnsupportedException(facts)
                205 -> LimitException(facts)
                206 -> KeyException(facts)
                299 -> InternalException(facts)
                300 -> CancelledException(facts)
                // Numbers of a later version: which kind they are is fixed.
                in 100..199 -> RejectedException(facts)
                else -> UndecidedException(facts)
            }
        }
    }
}

/** The verdict is negative: signature, trust, names or bytes do not hold. The model must not be used. */
open class RejectedException internal constructor(facts: ModelsigException.Facts) :
    ModelsigException(facts.status, facts.message, facts.path, facts.offset, facts.report)

/** The bytes of a file are not the signed ones, or it has another length. */
class MismatchException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** A signed file is not there. */
class MissingException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** A file is there that was not signed. */
class UnsignedException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** A file changed while it was looked at, or was replaced or removed then. */
class ChangedException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** A symbolic link, FIFO, socket or device stands in the model. */
class ForbiddenFileException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** The signature is not valid over the content. */
class BadSignatureException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** The signature may be valid, but somebody else made it. */
class UntrustedException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** The signed statement contradicts itself: its root digest is not that of the files it lists. */
class RootDigestException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** The [Options] forbid it. */
class PolicyException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** Too few distinct signers. */
class ThresholdException internal constructor(facts: ModelsigException.Facts) : RejectedException(facts)

/** No verdict: it could not be told whether the model is good. It must not be used, and nothing accuses its signer. */
open class UndecidedException internal constructor(facts: ModelsigException.Facts) :
    ModelsigException(facts.status, facts.message, facts.path, facts.offset, facts.report)

/** An argument contradicts another, or names what the model does not have. */
class UsageException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** The model, the bundle or another file is not there. */
class NotFoundException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** The operating system refused to open or read something. */
class ReadException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** The bundle, or the statement inside it, is not well-formed. */
class MalformedException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** Well-formed, but beyond what this version or build supports. */
class UnsupportedException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** Something is larger, longer or deeper than the limits allow. */
class LimitException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** A key or certificate given by the caller cannot be used. */
class KeyException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** A fault of the library. */
class InternalException internal constructor(facts: ModelsigException.Facts) : UndecidedException(facts)

/** The caller stopped it, with a [CancelToken] or from a [Progress]. */
class CancelledException internal constructor(facts: ModelsigException.Facts) :
    ModelsigException(facts.status, facts.message, facts.path, facts.offset, facts.report)
