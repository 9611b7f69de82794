package org.modelsig.example

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.system.exitProcess
import org.modelsig.CancelledException
import org.modelsig.Model
import org.modelsig.RejectedException
import org.modelsig.Source
import org.modelsig.UndecidedException
import org.modelsig.Verifier

/**
 * `MODEL BUNDLE PUBLIC_KEY_FILE FILE`: verifies a model and prints the header of a safetensors or GGUF file of it, from
 * the bytes that were verified. Ends with 1 if the model is bad and with 2 if that could not be told.
 */
fun main(arguments: Array<String>) {
    if (arguments.size != 4) {
        System.err.println("usage: header MODEL BUNDLE PUBLIC_KEY_FILE FILE")
        exitProcess(2)
    }
    val (path, bundle, key, file) = arguments
    val status = try {
        Verifier.ofKey(File(key).readText()).use { verifier ->
            Source.path(bundle).use { signature ->
                verifier.open(path, signature).use { model ->
                    model.loadAll()
                    println(header(model, file))
                }
            }
        }
        0
    } catch (fault: RejectedException) {
        System.err.println("rejected: ${fault.message}")
        1
    } catch (fault: UndecidedException) {
        System.err.println("no verdict: ${fault.message}")
        2
    } catch (fault: CancelledException) {
        System.err.println("stopped")
        2
    }
    exitProcess(status)
}

private fun header(model: Model, file: String): String =
    model.load(file).use { bytes ->
        bytes.withBuffer { buffer ->
            buffer.order(ByteOrder.LITTLE_ENDIAN)
            if (file.endsWith(".gguf")) gguf(buffer) else safetensors(buffer)
        }
    }

/** A length of 8 bytes, and so much JSON. */
private fun safetensors(buffer: ByteBuffer): String {
    val length = buffer.getLong()
    require(length in 0..buffer.remaining()) { "no safetensors file: its header would have $length bytes" }
    return ByteArray(length.toInt()).also { buffer.get(it) }.decodeToString().trimEnd()
}

/** "GGUF", a version, and how many tensors and keys there are. */
private fun gguf(buffer: ByteBuffer): String {
    require(buffer.remaining() >= 24 && buffer.getInt() == 0x46554747) { "no GGUF file" }
    return "GGUF, version ${buffer.getInt()}, ${buffer.getLong()} tensors, ${buffer.getLong()} key(s)"
}
