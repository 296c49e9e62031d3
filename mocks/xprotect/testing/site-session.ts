import type { Format } from '#mocks/camera/pictures.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { streamId } from '../config-objects.ts';

/** Raw calls to a pretend XProtect, the way other people's clients make them. */
export class SiteSession {
  readonly #url: string;
  accessToken = '';
  vmsToken = '';

  constructor(url: string) {
    this.#url = url;
  }

  async logIn(
    username: string,
    password: string,
    clientId = 'GrantValidatorClient',
    path = '/API/IDP/connect/token',
  ): Promise<Response> {
    const body = new URLSearchParams({ grant_type: 'password', username, password, client_id: clientId });
    const response = await fetch(this.#url + path, { method: 'POST', body });
    if (response.ok)
      this.accessToken = ((await response.clone().json()) as { access_token: string }).access_token;
    return response;
  }

  get(path: string, token = this.accessToken): Promise<Response> {
    return fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  /** SOAP `Login` or `Logout`. */
  async soap(
    operation: 'Login' | 'Logout',
    {
      instanceId = '7a1f0d52-4f7f-4f2d-8f8e-1a1d8c4a9b11',
      currentToken = '',
      authorization = `Bearer ${this.accessToken}`,
      endpoint = 'ServerCommandServiceOAuth.svc',
    } = {},
  ): Promise<Response> {
    const response = await fetch(`${this.#url}/ManagementServer/${endpoint}`, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': 'text/xml; charset=utf-8',
        soapaction: `http://videoos.net/2/XProtectCSServerCommand/IServerCommandService/${operation}`,
      },
      body: `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><${operation} xmlns="http://videoos.net/2/XProtectCSServerCommand"><instanceId>${instanceId}</instanceId><currentToken>${currentToken}</currentToken></${operation}></soap:Body></soap:Envelope>`,
    });
    if (response.ok && operation === 'Login')
      this.vmsToken = /<Token>(.*)<\/Token>/.exec(await response.clone().text())?.[1] ?? '';
    return response;
  }

  /** Port of the recorder of this camera, found as a client must: camera, hardware, recorder. */
  async recorderPort(cameraNumber: number): Promise<number> {
    const one = async (path: string) =>
      (
        (await (await this.get(`/api/rest/v1/${path}`)).json()) as {
          data: { relations: { parent: { id: string } }; webServerUri: string };
        }
      ).data;
    const camera = await one(`cameras/${siteCameras[cameraNumber - 1]!.id}`);
    const hardware = await one(`hardware/${camera.relations.parent.id}`);
    return Number(new URL((await one(`recordingServers/${hardware.relations.parent.id}`)).webServerUri).port);
  }
}

export function streamOf(cameraNumber: number, format: Format): string {
  return streamId(cameraNumber, format);
}
