"""Which calls are still sent to a server that has stopped answering."""

import threading

from canvas_app.canvas.circuit import Circuit


def test_circuit_lets_one_caller_try() -> None:
    now = [0.0]
    circuit = Circuit(2, 5.0, clock=lambda: now[0])
    circuit.failed()
    assert circuit.enter()
    circuit.failed()
    assert not circuit.enter()

    now[0] = 5.0
    entered: list[bool] = []
    threads = [threading.Thread(target=lambda: entered.append(circuit.enter())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(entered) == [False] * 7 + [True]
    circuit.succeeded()
    assert circuit.enter()
    assert circuit.enter()


def test_successes_between_failures_keep_a_circuit_closed() -> None:
    circuit = Circuit(2, 5.0)
    for _ in range(3):
        circuit.failed()
        circuit.succeeded()

    assert circuit.enter()
