import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.js";
import { Installation } from "./programs.js";

/** Files in PEM form: an authority of the instance's own, and what it signed. */
export interface Certificates {
  readonly authority: string;
  readonly server: KeyPair;
  readonly client: KeyPair;
}

interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

const config = `
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign
[server]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
extendedKeyUsage = serverAuth, clientAuth
[client]
extendedKeyUsage = clientAuth
`;

/** Makes an authority, a server's and a client's certificate in the folder. The server's is for the loopback addresses. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const configFile = join(folder, "openssl.cnf");
  writeFileSync(configFile, config);
  const make = async (name: "authority" | "server" | "client", signer?: KeyPair): Promise<KeyPair> => {
    const pair = { key: join(folder, `${name}-key.pem`), certificate: join(folder, `${name}.pem`) };
    const signed = signer === undefined ? [] : ["-CA", signer.certificate, "-CAkey", signer.key];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
    const content = ["-config", configFile, "-extensions", name, "-subj", `/CN=${name}`, "-days", "2"];
    const output = ["-keyout", pair.key, "-out", pair.certificate];
    await run(Installation.system().command("openssl"), [
      "req",
      "-x509",
      ...curve,
      ...content,
      ...signed,
      ...output,
    ]);
    return pair;
  };
  const authority = await make("authority");
  const [server, client] = await Promise.all([make("server", authority), make("client", authority)]);
  return { authority: authority.certificate, server, client };
}
