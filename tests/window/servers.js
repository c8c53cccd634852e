// The servers that the window looks at: a master with a window, and its replica. And clients of theirs.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 20_000;

// A server that is ready: its port, the address of its window if it has one, and how it is stopped.
export async function start(...args) {
  const directory = mkdtempSync(join(tmpdir(), "cacheflow-window-"));
  const all = ["--listenAddr", "127.0.0.1:0", "--dir", directory, "--save", "", ...args];
  const child = spawn(process.env.CACHEFLOW_BIN, all, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => {
    child.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  let log = "";
  const ready = new Promise((resolve, reject) => {
    child.stdout.on("data", text => {
      log += text;
      const port = /Ready to accept connections on \S+:(\d+)/.exec(log);
      const window = /The window is at (\S+)/.exec(log);
      if (port) resolve({ port: Number(port[1]), window: window?.[1], stop });
    });
    child.on("exit", code => reject(new Error(`the server ended with ${code}: ${log}`)));
    setTimeout(() => reject(new Error(`the server isn't ready: ${log}`)), PATIENCE_MS).unref();
  });
  return ready.catch(error => {
    stop();
    throw error;
  });
}

// A client that sends lines, as one would by hand, and gets the first line of what comes back.
export function client(port) {
  const socket = connect(port, "127.0.0.1").setNoDelay();
  const send = line => socket.write(`${line}\r\n`);
  const call = line => new Promise(resolve => {
    socket.once("data", data => resolve(String(data).split("\r\n")[0]));
    send(line);
  });
  return { send, call, end: () => socket.destroy() };
}

// Keeps a server busy, until it is told to stop: a few clients, each with some requests on their way.
export function traffic(port, lines) {
  const sockets = [1, 2, 3].map(number => {
    const socket = connect(port, "127.0.0.1");
    const more = () => socket.write(lines.map(line => `${line(number)}\r\n`).join(""));
    socket.on("connect", more);
    socket.on("data", () => setTimeout(more, 5));
    return socket;
  });
  return () => sockets.forEach(socket => socket.destroy());
}
