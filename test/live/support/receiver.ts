// SPDX-License-Identifier: Apache-2.0
/** Programs for python3 that listen at the path in argv[1], say "listening", and are sent a descriptor: `fds[0]`. */

const RECEIVE = `
import os, re, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
connection, _ = listener.accept()
name, fds, _, _ = socket.recv_fds(connection, 4096, 8)
`;

/** Types argv[2] at the terminal that it is sent, and shows all that comes from it. */
export const TERMINAL_RECEIVER = `${RECEIVE}
print("received", len(fds), flush=True)
os.write(fds[0], sys.argv[2].encode())
try:
    while data := os.read(fds[0], 4096):
        os.write(1, data)
except OSError:
    pass
`;

/** Tells the pid of the process whose pidfd it is sent. */
export const PIDFD_RECEIVER = `${RECEIVE}
print(re.search(r"^Pid:\\s+(\\d+)", open(f"/proc/self/fdinfo/{fds[0]}").read(), re.M).group(1), flush=True)
`;
