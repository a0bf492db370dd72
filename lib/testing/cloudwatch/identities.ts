import type { Answer } from './http-answer.js';

/** How STS fails: asked too often, without an answer, or by saying that the role may not be assumed. */
export const STS_FAULTS = ['throttle', 'down', 'denied'] as const;
export type StsFault = (typeof STS_FAULTS)[number];

/** Account of whoever did not assume a role: the emulator's. */
export const OWN_ACCOUNT = '123456789012';

/** Who sends a request, and where to. */
export interface Caller {
  service: string;
  /** `account/region`. */
  place: string;
  /** The credentials were a role's and have ended. */
  expired: boolean;
}

/** Who the access keys belong to that STS gave. The emulator takes any key; of the others it thinks that they are its own. */
export class Identities {
  private readonly accounts = new Map<string, string>();
  private readonly ended = new Set<string>();

  /** Of the header `authorization` of a signed request. */
  callerOf(authorization: string): Caller {
    const [, key = '', region = '', service = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(authorization) ?? [];
    return {
      service,
      place: `${this.accounts.get(key) ?? OWN_ACCOUNT}/${region}`,
      expired: this.ended.has(key),
    };
  }

  /** Reads the key in an answer of AssumeRole; a failed one holds none. */
  learn(answer: string, roleArn: string): void {
    const key = /<AccessKeyId>([^<]+)</.exec(answer)?.[1];
    if (key !== undefined) this.accounts.set(key, roleArn.split(':')[4]!);
  }

  /** Every key that was given up to now has ended. */
  expire(): void {
    for (const key of this.accounts.keys()) this.ended.add(key);
  }
}

// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
const REFUSALS = {
  throttle: { status: 400, code: 'Throttling', message: 'Rate exceeded' },
  denied: {
    status: 403,
    code: 'AccessDenied',
    message: 'User is not authorized to perform: sts:AssumeRole on resource',
  },
};

/** An answer of STS, which speaks XML. */
export function stsRefusal(fault: keyof typeof REFUSALS): Answer {
  const { status, code, message } = REFUSALS[fault];
  const xml = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  return { status, body: Buffer.from(xml), type: 'text/xml' };
}
