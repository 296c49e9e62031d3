/** Why an RTSP session could not be had, or ended. */
export type RtspErrorCode =
  /** No connection, no answer in time, or the connection ended. */
  | 'unreachable'
  /** 401 or 403: the camera does not accept our credentials. */
  | 'refused'
  /** 404 and 454: the camera knows no such path. */
  | 'no-such-path'
  /** Another 4xx or 5xx answer. */
  | 'rejected'
  /** There is no video track that we can pass on. */
  | 'no-video'
  /** The camera broke the protocol. */
  | 'protocol';

/** Words and status, never URLs or credentials. */
export class RtspError extends Error {
  override readonly name = 'RtspError';
  readonly code: RtspErrorCode;
  /** The RTSP status, where an answer was the reason. */
  readonly status: number | undefined;

  constructor(code: RtspErrorCode, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.code = code;
    this.status = options?.status;
  }
}
