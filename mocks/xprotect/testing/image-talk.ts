import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** What a recorder sent: XML, or a picture with its headers in lower case and its bytes. */
export type ImageServerMessage =
  | { readonly kind: 'xml'; readonly text: string }
  | { readonly kind: 'image'; readonly headers: Readonly<Record<string, string>>; readonly bytes: Buffer };

/** The plainest client of the ImageServer protocol, for tests of the simulator: says lines, gives messages in turn. */
export class ImageTalk {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  readonly #messages: ImageServerMessage[] = [];
  #isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#cut();
      socket.emit('moved');
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isOver = true;
      socket.emit('moved');
    });
  }

  static async open(port: number): Promise<ImageTalk> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new ImageTalk(socket);
  }

  say(method: string, content: string, requestId = 1): void {
    this.#socket.write(
      `<?xml version="1.0" encoding="UTF-8"?><methodcall><requestid>${requestId}</requestid><methodname>${method}</methodname>${content}</methodcall>\r\n\r\n`,
    );
  }

  /** Sends bytes as they are; resolves when they are on their way. */
  async sayRaw(text: string): Promise<void> {
    await new Promise((resolve) => this.#socket.write(text, resolve));
  }

  /** `connect` as Milestone's own sample says it. */
  connect(cameraId: string, token: string, { streamId = '', jpeg = false, requestId = 1 } = {}): void {
    const stream = streamId === '' ? '' : `&amp;streamid=${streamId}`;
    this.say(
      'connect',
      `<username>a</username><password>a</password><cameraid>${cameraId}</cameraid><alwaysstdjpeg>${jpeg ? 'yes' : 'no'}</alwaysstdjpeg>` +
        `<connectparam>id=${cameraId}&amp;connectiontoken=${token}${stream}</connectparam>` +
        '<clientcapabilities><privacymask>no</privacymask><multipartdata>no</multipartdata></clientcapabilities>',
      requestId,
    );
  }

  live(requestId = 2): void {
    this.say(
      'live',
      '<compressionrate>90</compressionrate><sendinitialimage>yes</sendinitialimage>',
      requestId,
    );
  }

  /** The next message; undefined once the recorder has closed the connection. */
  async next(): Promise<ImageServerMessage | undefined> {
    while (this.#messages.length === 0 && !this.#isOver) await once(this.#socket, 'moved');
    return this.#messages.shift();
  }

  async nextXml(): Promise<string | undefined> {
    for (let message = await this.next(); message !== undefined; message = await this.next())
      if (message.kind === 'xml') return message.text;
    return undefined;
  }

  async nextImage(): Promise<Extract<ImageServerMessage, { kind: 'image' }> | undefined> {
    for (let message = await this.next(); message !== undefined; message = await this.next())
      if (message.kind === 'image') return message;
    return undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #cut(): void {
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = this.#rest.subarray(0, end).toString('latin1');
      if (text.startsWith('<')) {
        this.#messages.push({ kind: 'xml', text: this.#rest.subarray(0, end).toString('utf8') });
        this.#rest = this.#rest.subarray(end + 4);
        continue;
      }
      const headers = Object.fromEntries(
        text.split('\r\n').map((line) => {
          const at = line.indexOf(':');
          return [
            line.slice(0, at < 0 ? undefined : at).toLowerCase(),
            at < 0 ? '' : line.slice(at + 1).trim(),
          ];
        }),
      );
      const length = Number(headers['content-length'] ?? -4);
      if (this.#rest.length < end + 4 + length + 4) return;
      const start = end + 4;
      this.#messages.push({
        kind: 'image',
        headers,
        bytes: Buffer.from(this.#rest.subarray(start, start + Math.max(0, length))),
      });
      this.#rest = this.#rest.subarray(start + length + 4);
    }
  }
}
