# The example in Python as it is, which writes down each order that it has greeted before it says so.
#
# JOURNAL  the file that it adds lines to: see tests/faults/work_journal.h

import os
import pathlib
import sys

sys.dont_write_bytecode = True  # beside the example
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples"))
import worker  # pylint: disable=wrong-import-position

JOURNAL = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
greet, handle = worker.greet, worker.handle


def handle_and_write_down(order):
    def greet_and_write_down(payload, lost):
        result = greet(payload, lost)
        line = f"{order['order_id']} {order['attempt']} {order['token']} done\n"
        os.write(JOURNAL, line.encode())
        return result

    worker.greet = greet_and_write_down
    handle(order)


worker.handle = handle_and_write_down
worker.main()
