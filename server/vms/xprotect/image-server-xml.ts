const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

/** Which picture stream a connection is for. */
export interface ImageServerCamera {
  /** The camera's GUID. */
  readonly deviceId: string;
  /** The stream's GUID; absent means the default live stream. */
  readonly streamId?: string | undefined;
}

/** A request as it goes over the wire: one line, then an empty one. */
export function imageServerCall(id: number, method: string, inner: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<methodcall><requestid>${String(id)}</requestid><methodname>${method}</methodname>${inner}</methodcall>\r\n\r\n`
  );
}

/** Names camera, stream and token. */
export function imageServerConnectParam(camera: ImageServerCamera, token: string): string {
  const stream = camera.streamId === undefined ? '' : `&streamid=${camera.streamId}`;
  return `<connectparam>${escape(`id=${camera.deviceId}&connectiontoken=${token}${stream}`)}</connectparam>`;
}

/** Names camera and token. User name and password are required by the form and looked at by nobody. */
export function connectRequest(id: number, camera: ImageServerCamera, token: string): string {
  return imageServerCall(
    id,
    'connect',
    '<username>a</username><password>a</password>' +
      `<cameraid>${escape(camera.deviceId)}</cameraid><alwaysstdjpeg>no</alwaysstdjpeg>` +
      imageServerConnectParam(camera, token) +
      '<clientcapabilities><privacymask>no</privacymask><multipartdata>no</multipartdata></clientcapabilities>',
  );
}

/** Gives the connection a fresh token before the old one dies. */
export function connectUpdateRequest(id: number, camera: ImageServerCamera, token: string): string {
  return imageServerCall(id, 'connectupdate', imageServerConnectParam(camera, token));
}

/** Asks for pictures from now on. The compression rate matters for JPEG only. */
export function liveRequest(id: number): string {
  return imageServerCall(
    id,
    'live',
    '<compressionrate>90</compressionrate><sendinitialimage>yes</sendinitialimage>',
  );
}

export function stopRequest(id: number): string {
  return imageServerCall(id, 'stop', '');
}

/** What a method response says; undefined when the text is another package. */
export function readMethodResponse(
  xml: string,
): { method: string; isConnected: boolean | undefined; reason: string | undefined } | undefined {
  if (!xml.includes('<methodresponse')) return undefined;
  const connected = element(xml, 'connected')?.toLowerCase();
  return {
    method: element(xml, 'methodname')?.toLowerCase() ?? '',
    isConnected: connected === undefined ? undefined : connected === 'yes',
    reason: element(xml, 'errorreason'),
  };
}

/** Whether a live status package says that the recorder has lost the camera (status item 5); undefined when it does not say. */
export function readCameraLost(xml: string): boolean | undefined {
  if (!xml.includes('<livepackage')) return undefined;
  const value = /<statusitem id="5" value="(\d)"/.exec(xml)?.[1];
  return value === undefined ? undefined : value !== '0';
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`, 'i').exec(xml)?.[1]?.trim();
}
