import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { builtInMasking, maskerOf, maskingConfig } from './masking-file.js';

const masker = (config: object = {}) => maskerOf(maskingConfig.parse(config));
const everything = () =>
  masker({
    on: builtInMasking().rules.map(({ name }) => name),
    rules: [{ name: 'own', pattern: 'ticket-\\d+' }],
  });
const mask = (text: string) => masker().text(text);

const AWS = `AKIA${'IOSFODNN7EXAMPL2'}`;
const AWS_SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P';
const OPENAI = `sk-proj-${'Ab3'.repeat(12)}`;
const PEM = (body: string) => `-----BEGIN RSA PRIVATE KEY-----${body}-----END RSA PRIVATE KEY-----`;

describe('credentials are masked', () => {
  it.each([
    [`using ${AWS} now`, 'using [masked:aws-access-key] now'],
    [`AWS_SECRET_ACCESS_KEY=${AWS_SECRET}`, 'AWS_SECRET_ACCESS_KEY=[masked:aws-secret-key]'],
    [`"SecretAccessKey": "${AWS_SECRET}"`, '"SecretAccessKey": "[masked:aws-secret-key]"'],
    [`token ${JWT} ok`, 'token [masked:jwt] ok'],
    ['Authorization: Bearer abcdefghij0123456789', 'Authorization: Bearer [masked:bearer-token]'],
    [`authorization: bearer ${JWT}`, 'authorization: bearer [masked:jwt]'],
    [
      "{'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}",
      "{'Authorization': 'Basic [masked:basic-credentials]'}",
    ],
    [`key ${OPENAI}.`, 'key [masked:api-key].'],
    [`sk-ant-api03-${'x1Y_'.repeat(10)}`, '[masked:api-key]'],
    [`hf_${'aBcD'.repeat(8)}`, '[masked:hub-token]'],
    [`;AccountKey=${'aB3/'.repeat(21)}ab==;`, ';AccountKey=[masked:account-key];'],
    [`ghp_${'a1B2'.repeat(9)}`, '[masked:git-token]'],
    ['postgres://app:hunter22@db:5432/x', 'postgres://app:[masked:url-password]@db:5432/x'],
    ['redis://:s3cret@cache', 'redis://:[masked:url-password]@cache'],
    ['login password=hunter2 ok', 'login password=[masked:password] ok'],
    ['db_password="correct horse"', 'db_password="[masked:quoted-password]"'],
    ["PASSWORD: 'correct horse' next", "PASSWORD: '[masked:quoted-password]' next"],
    [
      '{\\"password\\":\\"two words\\",\\"a\\":1}',
      '{\\"password\\":\\"[masked:quoted-password]\\",\\"a\\":1}',
    ],
    ['{"cookie": "sid=a\\"b", "a": 1}', '{"cookie": "[masked:secret-field]", "a": 1}'],
    ['x-api-key: a1b2c3d4', 'x-api-key: [masked:password]'],
    ['MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj', '[masked:key-line]'],
    ['"password": "hunter"', '"password": "[masked:quoted-password]"'],
    ['{\\"api_key\\": \\"abcdef\\"}', '{\\"api_key\\": \\"[masked:quoted-password]\\"}'],
    ['api-key: abc, apikey: a1b2c3d4', 'api-key: abc, apikey: [masked:password]'],
    [`a ${PEM('\nMIIE+/=\nabc\n')} b`, 'a [masked:private-key]-----END RSA PRIVATE KEY----- b'],
    [`{"k":"${PEM('\\nMIIE')}"}`, '{"k":"[masked:private-key]-----END RSA PRIVATE KEY-----"}'],
    ['x -----BEGIN PRIVATE KEY-----\nMIIE', 'x [masked:private-key]'],
  ])('%s', (text, masked) => {
    expect(mask(text)).toBe(masked);
  });

  it.each([
    'Thought: I need the password of the user.',
    'the secret: always be kind',
    'password: None',
    'password=<redacted> api_key=$OPENAI_API_KEY api_key=***',
    'tokens: 150, max_tokens=4096, prompt_tokens: 12',
    'task-completed disk-usage sk-learn risk-averse-investor-portfolio-optimization',
    'https://example.com/a:b@c?x=1 mail me@example.com',
    'Bearer of bad news, bearer token',
    'session_id=550e8400-e29b-41d4-a716-446655440000 request_token: x',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    'eyJ is how JSON begins in base64',
    '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
    'card 4111 1111 1111 1111, +49 30 1234567',
  ])('and "%s" is not touched', (text) => {
    expect(mask(text)).toBe(text);
  });

  it('by the name of their field, in structured events', () => {
    const given = {
      user: 'ann',
      Password: 'x',
      'X-Api-Key': 'y',
      nested: [{ client_secret: 'z', pwd: '' }],
      token: 't',
    };
    const value = masker().value(given);
    expect(value).toEqual({
      user: 'ann',
      Password: '[masked:secret-field]',
      'X-Api-Key': '[masked:secret-field]',
      nested: [{ client_secret: '[masked:secret-field]', pwd: '' }],
      token: 't',
    });
    expect(masker().marksIn(JSON.stringify(value))).toEqual(['secret-field']);
    expect(given.Password).toBe('x');
  });

  it('and counted', () => {
    const one = masker();
    one.text(`${AWS} ${AWS} password=hunter2`);
    expect([...one.counts]).toEqual([
      ['aws-access-key', 2],
      ['password', 1],
    ]);
  });
});

describe('personal data is masked where that is asked for', () => {
  const one = masker({ on: ['e-mail', 'phone', 'card', 'iban'] });
  it.each([
    ['to ann.b+c@mail.example.com.', 'to [masked:e-mail].'],
    ['call +49 (30) 123-4567 now', 'call [masked:phone] now'],
    ['card 4111 1111 1111 1111 ok', 'card [masked:card] ok'],
    ['card 4111 1111 1111 1112 no', 'card 4111 1111 1111 1112 no'],
    ['DE89 3704 0044 0532 0130 00', '[masked:iban]'],
    ['DE88 3704 0044 0532 0130 00', 'DE88 3704 0044 0532 0130 00'],
    ['trace 4111111111111111-abc', 'trace 4111111111111111-abc'],
  ])('%s', (text, masked) => {
    expect(one.text(text)).toBe(masked);
  });
});

const secret = fc.constantFrom(
  AWS,
  AWS_SECRET,
  JWT,
  OPENAI,
  PEM('\nab\n'),
  'hunter2',
  'ann@example.com',
  'ticket-12',
);
const around = fc.constantFrom(
  '',
  ' ',
  'password=',
  '"api_key": "',
  'Bearer ',
  'secret: ',
  '://u:',
  '@',
  '"',
  "'",
  '\n',
  'basic ',
  '[masked:',
  ']',
);
const text = fc
  .array(fc.oneof(secret, around, fc.string({ maxLength: 6 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

it('masking twice is masking once, and gives the same each time', () => {
  const one = everything();
  const other = everything();
  fc.assert(
    fc.property(text, (given) => {
      const once = one.text(given);
      expect(one.text(once)).toBe(once);
      expect(other.text(given)).toBe(once);
    }),
    { numRuns: 500 },
  );
});

it('leaves JSON what it is, whatever stands in it', () => {
  const one = everything();
  const json = fc.dictionary(
    fc.oneof(fc.constantFrom('password', 'cookie', 'a'), text),
    fc.oneof(text, fc.integer()),
  );
  fc.assert(
    fc.property(json, fc.boolean(), (given, nested) => {
      const line = JSON.stringify(nested ? { message: JSON.stringify(given) } : given);
      const once = one.text(line);
      expect(() => JSON.parse(once)).not.toThrow();
      expect(one.text(once)).toBe(once);
    }),
    { numRuns: 1_000 },
  );
});

it('masks values once, and what it found in one of them in all', () => {
  const one = masker();
  const given = {
    message: 'login password=hunter22 for ann',
    tool_input: 'hunter22',
    args: ['--pw', 'hunter22'],
  };
  const masked = one.value(given);
  expect(JSON.stringify(masked)).not.toContain('hunter22');
  expect(one.value(masked)).toEqual(masked);
  expect(one.value({ cookie: `id=${AWS}; sid=1` })).toEqual({ cookie: '[masked:secret-field]' });
});

it('suspects every text that it would change', () => {
  const one = everything();
  fc.assert(
    fc.property(text, (given) => {
      if (one.text(given) !== given) expect(one.suspects(JSON.stringify({ given }))).toBe(true);
    }),
    { numRuns: 500 },
  );
  const masked = masker();
  expect(masked.suspects(JSON.stringify({ a: { Client_Secret: 'z' } }))).toBe(true);
  expect(masked.suspects('{"message":"Thought: I need a ferry","tool":"search","tokens":150}')).toBe(false);
});

it('is switched, extended and refused by config.yaml', () => {
  expect(masker({ enabled: false }).text(AWS)).toBe(AWS);
  expect(masker({ off: ['aws-access-key'] }).text(AWS)).toBe(AWS);
  const own = masker({
    rules: [{ name: 'staff', pattern: '(staff )\\d+', literal: 'staff' }],
    keys: ['pin'],
  });
  expect(own.text('staff 1234')).toBe('staff [masked:staff]');
  expect(own.value({ PIN: 'abcd' })).toEqual({ PIN: '[masked:secret-field]' });
  const faulty = {
    on: ['emails'],
    rules: [
      { name: 'jwt', pattern: 'x' },
      { name: 'look', pattern: '(?=x)x' },
      { name: 'all', pattern: '.*' },
    ],
  };
  expect(() => masker(faulty)).toThrow(ConfigError);
  expect(() => masker(faulty)).toThrow(
    /no rule 'emails'[\s\S]*'jwt' already[\s\S]*rules\.1\.pattern[\s\S]*rules\.2\.pattern/,
  );
});

it('needs time in proportion to the text, whatever it holds', () => {
  const one = everything();
  const seeds = [
    'eyJaaaaaaaa.',
    'eyJaaaaaaaa-',
    'sk-',
    'sk-ab1-',
    'password=',
    'password: ',
    'password="',
    "pwd='a\\\\",
    'secret=\\\\"a',
    '"cookie": "',
    '"cookie":"a\\\\',
    'sk-a1',
    'SG.a.1',
    'AccountKey=',
    'hf_',
    '-----BEGIN PRIVATE KEY-----a\\\\n',
    '://a:',
    '://',
    'a@',
    'a.',
    '-----BEGIN PRIVATE KEY-----',
    'bearer ',
    'secret_access_key= ',
    '4111 ',
    '+4 ',
    'DE89 ',
    'gh',
    'xoxb-',
    '[masked:',
    'authorization: basic ',
    'A',
    '1',
    ' ',
  ];
  for (const seed of seeds) {
    const hostile = seed.repeat(Math.ceil(262_144 / seed.length));
    const from = process.cpuUsage();
    one.text(hostile);
    const { user } = process.cpuUsage(from);
    expect([seed, user < 3_000_000]).toEqual([seed, true]);
  }
});

it.each(['', 'a\n', 'a\r\n', '"\n', '\\\r'])('suspects a line of a key behind %j', (before) => {
  const one = masker();
  const given = `${before}MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nb`;
  expect(one.text(given)).toBe(`${before}[masked:key-line]\nb`);
  for (const form of [given, JSON.stringify([given]), JSON.stringify({ given })])
    expect(one.suspects(form)).toBe(true);
});
