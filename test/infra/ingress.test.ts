/** The ingress in the template: by which way a request reaches a hub, what is said on it, and what bounds it. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Stand, stand } from './hub-stand.ts';

const plain = stand();
const withDomain = stand({ domain: 'apps.example.com', zones: ['eu-central-1a', 'eu-central-1b'] });

function only(of: Stand, type: string): Record<string, unknown> {
  const [found, ...others] = of.ofType(type);
  if (found === undefined || others.length > 0) throw new Error(`${type}: not one`);
  return found.Properties;
}

describe.each([
  ['without a domain', plain],
  ['with a domain', withDomain],
])('the ingress %s', (_, of) => {
  test('leads every request by the link to the hubs that Cloud Map has', () => {
    const [link] = of.ofType('AWS::ApiGatewayV2::VpcLink');
    expect(only(of, 'AWS::ApiGatewayV2::Integration')).toMatchObject({
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'ANY',
      ConnectionType: 'VPC_LINK',
      ConnectionId: { Ref: link?.id },
      IntegrationUri: of.resolve(of.hubs.service.serviceArn),
    });
    expect(only(of, 'AWS::ApiGatewayV2::Route')).toMatchObject({
      RouteKey: '$default',
      AuthorizationType: 'NONE',
    });
  });

  test('says itself which host was asked for and by whom, over whatever the client wrote there', () => {
    expect(only(of, 'AWS::ApiGatewayV2::Integration')['RequestParameters']).toEqual({
      'overwrite:header.x-isthmus-host': '$context.domainName',
      'overwrite:header.x-isthmus-client': '$context.identity.sourceIp',
    });
  });

  test("has a link into both zones that may speak to the hubs' listeners and to nothing else", () => {
    const link = only(of, 'AWS::ApiGatewayV2::VpcLink');
    expect(link['SubnetIds']).toEqual(of.network.subnets.map(({ subnetId }) => of.resolve(subnetId)));
    const [group] = z.array(z.unknown()).parse(link['SecurityGroupIds']);
    const rules = (type: string) =>
      of
        .ofType(type)
        .filter(({ Properties }) => JSON.stringify(Properties['GroupId']) === JSON.stringify(group))
        .map(({ Properties }) => Properties);
    expect(rules('AWS::EC2::SecurityGroupIngress')).toEqual([]);
    expect(rules('AWS::EC2::SecurityGroupEgress')).toEqual(
      of.hubs.slots.map(({ securityGroup }) =>
        expect.objectContaining({
          IpProtocol: 'tcp',
          FromPort: 8080,
          ToPort: 8080,
          DestinationSecurityGroupId: of.resolve(securityGroup.securityGroupId),
        }),
      ),
    );
  });

  test('is throttled, and logs who asked but nothing that may be secret', () => {
    const stage = only(of, 'AWS::ApiGatewayV2::Stage');
    expect(stage).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
    });
    const { Format } = z.object({ Format: z.string() }).parse(stage['AccessLogSettings']);
    expect(JSON.parse(Format)).toMatchObject({ host: '$context.domainName', status: '$context.status' });
    expect(Format).not.toMatch(/header|query|body|authoriz/i);
  });
});

test('without a domain routes are reached by the address of the API', () => {
  expect(JSON.stringify(plain.resolve(plain.ingress.url))).toContain('ApiEndpoint');
  expect(plain.ofType('AWS::CertificateManager::Certificate')).toEqual([]);
});

test('with a domain every name right below it is served, by a certificate that its owner confirms in DNS', () => {
  expect(withDomain.ingress.url).toBe('https://*.apps.example.com');
  const [certificate] = withDomain.ofType('AWS::CertificateManager::Certificate');
  expect(certificate?.Properties).toMatchObject({
    DomainName: '*.apps.example.com',
    ValidationMethod: 'DNS',
  });
  expect(only(withDomain, 'AWS::ApiGatewayV2::DomainName')).toMatchObject({
    DomainName: '*.apps.example.com',
    DomainNameConfigurations: [
      { CertificateArn: { Ref: certificate?.id }, SecurityPolicy: 'TLS_1_2', EndpointType: 'REGIONAL' },
    ],
  });
  expect(only(withDomain, 'AWS::ApiGatewayV2::ApiMapping')).toMatchObject({ Stage: '$default' });
});
