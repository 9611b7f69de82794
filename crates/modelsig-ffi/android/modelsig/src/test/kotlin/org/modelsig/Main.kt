package org.modelsig

import kotlin.system.exitProcess
import org.junit.runner.Description
import org.junit.runner.JUnitCore
import org.junit.runner.notification.Failure
import org.junit.runner.notification.RunListener

/** Runs the test classes that are named, and counts. No tests at all are a failure. */
fun main(arguments: Array<String>) {
    val runner = JUnitCore()
    runner.addListener(
        object : RunListener() {
            override fun testStarted(test: Description) = println("  $test")

            override fun testFailure(failure: Failure) {
                println("FAILED ${failure.description}")
                println(failure.trace)
            }
        },
    )
    val result = runner.run(*arguments.map { Class.forName(it) }.toTypedArray())
    val passed = result.runCount - result.failureCount
    println("${System.getProperty("os.arch")}, ${Modelsig.sha256Kernel}, ${result.runTime / 1000} s")
    println("$passed passed, ${result.failureCount} failed")
    exitProcess(if (result.wasSuccessful() && result.runCount > 0 && result.ignoreCount == 0) 0 else 1)
}
