package org.tensorflow.lite;

import java.nio.ByteBuffer;

/** As much of TensorFlow Lite's class as is compiled against, and never run. Not part of the library. */
public class Interpreter implements AutoCloseable {
    public Interpreter(ByteBuffer model) {
        if (!model.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer");
        }
    }

    @Override
    public void close() {}
}
