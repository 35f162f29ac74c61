/** The constructs for users' stacks, as code that is bundled for the package: their templates. */
import { App, CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import type { IsthmusConnection } from '../../infra/constructs/connection.ts';
import type { IIsthmusTenant } from '../../infra/constructs/tenant.ts';
import { bundledConstructs, type Constructs } from './constructs-stand.ts';

const constructs = await bundledConstructs();
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:isthmus/shop-AbCdEf';
const SITE = { name: 'berlin', allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24', '10.2.0.0/24'] };

interface Scene extends Constructs {
  readonly stack: Stack;
  readonly connection: IsthmusConnection;
  readonly tenant: IIsthmusTenant;
}

/** A stack with a connection to the tenant `acme`. */
function scene(): Scene {
  const stack = new Stack(new App(), 'Shop', { env: { account: '111122223333', region: 'eu-central-1' } });
  const apiKey = Secret.fromSecretCompleteArn(stack, 'ApiKey', SECRET);
  const props = { url: 'https://isthmus.example.com', apiKey };
  const connection = new constructs.IsthmusConnection(stack, 'Isthmus', props);
  const tenant = constructs.IsthmusTenant.fromName(connection, 'acme');
  return { ...constructs, stack, connection, tenant };
}

/** A site, a service at it, a route to that. */
function withRoute() {
  const all = scene();
  const { stack, tenant } = all;
  const site = new all.IsthmusSite(stack, 'Berlin', { ...SITE, tenant });
  const service = new all.IsthmusService(stack, 'Web', { site, name: 'web', address: '10.1.0.10', port: 80 });
  const route = new all.IsthmusRoute(stack, 'R', { service, host: 'shop.example.com', path: '/shop' });
  return { ...all, site, service, route };
}

function onlyOf(template: Template, type: string): { id: string; resource: Record<string, unknown> } {
  const found = Object.entries(template.findResources(type));
  const [first] = found;
  if (first === undefined || found.length !== 1) throw new Error(`${found.length} of ${type}`);
  return { id: first[0], resource: first[1] };
}

describe('the provider of a stack', () => {
  test('is one function on arm64 and Node 24 for all resources, in bounded time', () => {
    const template = Template.fromStack(withRoute().stack);
    template.resourceCountIs('AWS::Lambda::Function', 1);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 300,
      Environment: Match.absent(),
      VpcConfig: Match.absent(),
    });
  });

  test('may read the value of that secret, write its own log, and nothing else', () => {
    const template = Template.fromStack(withRoute().stack);
    const { resource } = onlyOf(template, 'AWS::IAM::Policy');
    const { id: log } = onlyOf(template, 'AWS::Logs::LogGroup');
    expect(resource['Properties']).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [log, 'Arn'] },
          },
          { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
        ],
      },
    });
    const role = onlyOf(template, 'AWS::IAM::Role').resource['Properties'];
    expect(role).not.toHaveProperty('ManagedPolicyArns');
    expect(role).not.toHaveProperty('Policies');
  });

  test('may decrypt with the key of its secret through Secrets Manager only', () => {
    const { stack, IsthmusConnection, IsthmusTenant } = scene();
    const encryptionKey = new Key(stack, 'Key');
    const apiKey = Secret.fromSecretAttributes(stack, 'Own', { secretCompleteArn: SECRET, encryptionKey });
    const connection = new IsthmusConnection(stack, 'Other', { url: 'https://other.example.com', apiKey });
    new IsthmusTenant(stack, 'Tenant', { connection, name: 'acme' });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } },
          }),
        ]),
      },
    });
  });

  test('takes one connection for each deployment', () => {
    const { stack, connection, tenant, IsthmusConnection, IsthmusSite, IsthmusTenant } = withRoute();
    const again = (id: string, deployment: string) => {
      const props = { url: connection.url, apiKey: connection.apiKey, deployment };
      const other = IsthmusTenant.fromName(new IsthmusConnection(stack, id, props), tenant.tenantName);
      return new IsthmusSite(stack, `${id}Site`, { ...SITE, tenant: other });
    };
    expect(() => again('Second', '')).toThrow('Shop/Isthmus and Shop/Second are used in one stack');
    again('Third', 'test');
    Template.fromStack(stack).resourceCountIs('Custom::IsthmusSite', 2);
  });
});

describe('a resource', () => {
  test('is sent with its path and its spec as one JSON text, with all defaults', () => {
    const template = Template.fromStack(withRoute().stack);
    const { id: provider } = onlyOf(template, 'AWS::Lambda::Function');
    const properties = onlyOf(template, 'Custom::IsthmusSite').resource['Properties'];
    expect(properties).toEqual({
      ServiceToken: { 'Fn::GetAtt': [provider, 'Arn'] },
      ServiceTimeout: '1200',
      url: 'https://isthmus.example.com',
      keySecret: SECRET,
      collection: '/v1/tenants/acme/sites',
      name: 'berlin',
      spec: JSON.stringify({
        kind: 'datacenter',
        allotment: SITE.allotment,
        prefixes: SITE.prefixes,
        lan: 'routed',
        native: [],
      }),
    });
    template.hasResourceProperties('Custom::IsthmusService', {
      collection: '/v1/tenants/acme/sites/berlin/services',
      spec: '{"address":"10.1.0.10","port":80,"protocol":"tcp"}',
    });
    template.hasResourceProperties('Custom::IsthmusRoute', {
      name: Match.stringLikeRegexp('^shop-example-com-[0-9a-f]{8}$'),
      spec: '{"host":"shop.example.com","path":"/shop","service":{"site":"berlin","name":"web"}}',
    });
  });

  test('waits for what it refers to, also where it lies inside that in the tree', () => {
    const { stack, site, IsthmusPolicy, IsthmusSite, tenant, IsthmusService } = withRoute();
    const oslo = new IsthmusSite(stack, 'Oslo', { ...SITE, name: 'oslo', tenant });
    const inside = { site: oslo, name: 'db', address: '10.1.0.11', port: 5432 };
    const to = new IsthmusService(oslo, 'Db', inside);
    const ports = [{ port: 5432 }];
    new IsthmusPolicy(stack, 'P', { name: 'p', from: site, to, ports });
    const all = Object.entries(Template.fromStack(stack).toJSON()['Resources']);
    const after = (type: string) =>
      all.flatMap(([id, { Type, DependsOn = [] }]: [string, ReturnType<typeof JSON.parse>]) =>
        Type === `Custom::Isthmus${type}` ? [[id.replace(/.{8}$/, ''), DependsOn.map(nameOf)]] : [],
      );
    const nameOf = (id: string) => id.replace(/.{8}$/, '');
    expect(after('Service')).toEqual([
      ['IsthmusServiceWeb', ['IsthmusSiteBerlin']],
      ['IsthmusServiceDb', ['IsthmusSiteOslo']],
    ]);
    expect(after('Route')[0]?.[1]).toEqual(['IsthmusServiceWeb']);
    expect(after('Policy')[0]?.[1]).toEqual(['IsthmusSiteBerlin', 'IsthmusServiceDb']);
    expect(onlyOf(Template.fromStack(stack), 'Custom::IsthmusPolicy').resource['Properties']).toMatchObject({
      spec: '{"from":{"site":"berlin"},"to":{"site":"oslo","service":"db"},"ports":[{"protocol":"tcp","port":5432}]}',
    });
  });

  test('is the same one wherever its construct lies in the tree', () => {
    const ids = ['Berlin', 'Renamed'].map((id) => {
      const { stack, tenant, IsthmusSite } = scene();
      new IsthmusSite(new Construct(stack, id), id, { ...SITE, tenant });
      return onlyOf(Template.fromStack(stack), 'Custom::IsthmusSite').id;
    });
    expect(ids[0]).toBe(ids[1]);
  });

  test('is declared once in a stack', () => {
    const { stack, tenant, IsthmusSite } = withRoute();
    expect(() => new IsthmusSite(stack, 'Twin', { ...SITE, tenant })).toThrow(
      'Shop/Twin and Shop/Berlin both declare /v1/tenants/acme/sites/berlin.',
    );
  });

  test('that is wrong fails before anything is deployed, and one with late values is left to the API', () => {
    const { stack, tenant, site, IsthmusSite, IsthmusService } = withRoute();
    const wrong = { ...SITE, name: 'oslo', prefixes: ['10.1.0.1/24'], tenant };
    expect(() => new IsthmusSite(stack, 'Oslo', wrong)).toThrow('Shop/Oslo: prefixes.0: ');
    expect(() => new IsthmusSite(stack, 'Big', { ...SITE, name: 'Oslo', tenant })).toThrow('Oslo is no name');
    const late = new CfnParameter(stack, 'Address').valueAsString;
    const port = new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber;
    new IsthmusService(stack, 'Late', { site, name: 'late', address: late, port });
    const spec = ['{"address":"', { Ref: 'Address' }, '","port":', { Ref: 'Port' }, ',"protocol":"tcp"}'];
    Template.fromStack(stack).hasResourceProperties('Custom::IsthmusService', {
      name: 'late',
      spec: { 'Fn::Join': ['', spec] },
    });
    expect(
      () => new IsthmusService(stack, 'Name', { site, name: late, address: '10.1.0.1', port: 1 }),
    ).toThrow('write the name as text');
  });

  test('shows what is known on deployment as attributes', () => {
    const { stack, site, service, route } = withRoute();
    const { id } = onlyOf(Template.fromStack(stack), 'Custom::IsthmusSite');
    const prefixes = { 'Fn::Split': [',', { 'Fn::GetAtt': [id, 'VirtualPrefixes'] }] };
    expect(stack.resolve(site.virtualPrefixes)).toEqual(prefixes);
    expect(stack.resolve(site.virtualPrefixOf('10.2.0.0/24'))).toEqual({ 'Fn::Select': [1, prefixes] });
    expect(() => site.virtualPrefixOf('10.3.0.0/24')).toThrow('10.3.0.0/24 is none of its prefixes');
    const { id: web } = onlyOf(Template.fromStack(stack), 'Custom::IsthmusService');
    expect(stack.resolve(service.hostname)).toEqual({ 'Fn::GetAtt': [web, 'Hostname'] });
    expect(stack.resolve(service.virtualAddress)).toEqual({ 'Fn::GetAtt': [web, 'VirtualAddress'] });
    expect([route.host, route.url]).toEqual(['shop.example.com', 'https://shop.example.com/shop']);
  });

  test('goes with the stack unless it is to be retained', () => {
    const { stack, tenant, IsthmusSite } = scene();
    new IsthmusSite(stack, 'A', { ...SITE, tenant });
    new IsthmusSite(stack, 'B', { ...SITE, name: 'bern', tenant, removalPolicy: RemovalPolicy.RETAIN });
    const policies = Object.values(Template.fromStack(stack).findResources('Custom::IsthmusSite'));
    expect(policies.map((resource) => resource['DeletionPolicy'])).toEqual(['Delete', 'Retain']);
  });
});
