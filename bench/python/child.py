"""What every contender in Python has in common with those of load/child.mjs, whose messages it speaks."""

import ctypes
import json
import os
import resource
import signal
import socket
import threading
import time

PORT = int(os.environ.get("PORT", "0"))
"""Port to listen on: the system chooses one unless told."""

HOST = "127.0.0.1"
"""The only address that contenders listen on."""

MESSAGE = {"message": "Hello, World!"}
"""Content of the answer to GET /json."""

TEXT = "Hello, World!"
"""Content of the answer to GET /plaintext."""

PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """Has the system kill this process when the one that started it is gone, even where that one was killed."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def usage_of_child(pid):
    """CPU time that a running child has used, as (user, system) in seconds.

    The total is exact; how it divides comes in steps of the system's clock.
    """
    clock = ctypes.c_int()
    error = libc.clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise ProcessLookupError(error, f"no CPU time of process {pid}")
    total = time.clock_gettime(clock.value)
    with open(f"/proc/{pid}/stat", encoding="latin1") as file:
        # The name, in brackets, may have spaces; of what follows it stime is the 13th.
        ticks = int(file.read().rpartition(")")[2].split()[12])
    system = ticks / os.sysconf("SC_CLK_TCK")
    return total - system, system


def usage(children):
    """CPU time of this process and of its children, those that have ended too, in microseconds."""
    ended = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    times = [(each.ru_utime, each.ru_stime) for each in ended]
    times += [usage_of_child(pid) for pid in children]
    user, system = (sum(part) * 1e6 for part in zip(*times))
    return {"user": user, "system": system}


def ready(port, children=lambda: ()):
    """Tells the parent where this contender listens, and from then on, whenever asked, how much CPU time it has used.

    `children` gives the ids of the processes that work for it. A thread waits for the questions and does nothing else;
    when the parent is gone it ends the process.
    """
    if "NODE_CHANNEL_FD" not in os.environ:
        print(f"listening on http://{HOST}:{port}/", flush=True)
        return
    channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"])).makefile("rw", encoding="utf8")

    def send(message):
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    def answer():
        for line in channel:
            if json.loads(line) == "cpu":
                send({"cpu": usage(list(children()))})
        os.kill(os.getpid(), signal.SIGTERM)

    send({"port": port})
    threading.Thread(target=answer, daemon=True).start()
