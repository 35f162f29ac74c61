/**
 * Public routes to services in private sites: an HTTP API that terminates TLS, and a link into the VPC by which it reaches a hub's
 * gateway. Which host and path lead where is the hub's to know. Here is no route of the product.
 */
import { CfnOutput, Validations } from 'aws-cdk-lib';
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpRoute,
  HttpRouteKey,
  type HttpStage,
  MappingValue,
  ParameterMapping,
  SecurityPolicy,
  VpcLink,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpServiceDiscoveryIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { INGRESS_CLIENT_HEADER, INGRESS_HOST_HEADER, INGRESS_PORT } from '../protocol/ingress.ts';
import type { HubGroup } from './hub-group.ts';
import type { Network } from './network.ts';
import { stageOf } from './stage.ts';

/** What an HTTP API may serve by the account's own quota is ten times this; it bounds a bill. */
const REQUESTS_PER_SECOND_MAX = 1_000;
const REQUESTS_BURST_MAX = 2_000;

export interface IngressProps {
  readonly network: Network;
  readonly hubs: HubGroup;
  /** Routes may then have any name below it, such as `shop.DOMAIN`. */
  readonly domain?: string;
}

export class Ingress extends Construct {
  /** With a domain: with `*` for the host's own label. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: IngressProps) {
    super(scope, id);
    const api = new HttpApi(this, 'Api', {
      description: "Isthmus' public routes to services",
      createDefaultStage: false,
    });
    const stage = stageOf(this, api, {
      requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
      requestsBurstMax: REQUESTS_BURST_MAX,
      logs: { host: '$context.domainName' },
    });
    const route = new HttpRoute(this, 'Everything', {
      httpApi: api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: new HttpServiceDiscoveryIntegration('Hubs', props.hubs.service, {
        vpcLink: this.makeLink(props),
        parameterMapping: whoAsked(),
      }),
    });
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'These routes are public by purpose: whoever makes one publishes a service, which authorizes its own users.',
    });
    this.url =
      props.domain === undefined ? api.apiEndpoint : this.publish(api, { stage, domain: props.domain });
  }

  /** Its interfaces may speak to the hubs' listeners and to nothing else. */
  private makeLink({ network, hubs }: IngressProps): VpcLink {
    const group = new SecurityGroup(this, 'LinkTraffic', {
      vpc: network.vpc,
      description: 'Isthmus: from the ingress to the hubs',
      allowAllOutbound: false,
      disableInlineRules: true,
    });
    for (const { securityGroup } of hubs.slots)
      group.connections.allowTo(securityGroup, Port.tcp(INGRESS_PORT), 'requests from the ingress');
    return new VpcLink(this, 'Link', {
      vpc: network.vpc,
      subnets: { subnets: [...network.subnets] },
      securityGroups: [group],
    });
  }

  /** The deployment waits until the certificate is issued, which is when its owner has made the record in DNS that ACM names. */
  private publish(
    api: HttpApi,
    { stage, domain }: { readonly stage: HttpStage; readonly domain: string },
  ): string {
    const domainName = `*.${domain}`;
    const certificate = new Certificate(this, 'Certificate', {
      domainName,
      validation: CertificateValidation.fromDns(),
    });
    const name = new DomainName(this, 'Domain', {
      domainName,
      certificate,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, 'Mapping', { api, stage, domainName: name });
    new CfnOutput(this, 'DnsTarget', {
      value: name.regionalDomainName,
      description: `Make a CNAME record of ${domainName} that leads here`,
    });
    return `https://${domainName}`;
  }
}

/**
 * Both are set in place of what a client sent. The names that others use for this are reserved by API Gateway. What it puts into the
 * request's own Host is not said in one place, so the hub does not go by it.
 */
function whoAsked(): ParameterMapping {
  return new ParameterMapping()
    .overwriteHeader(INGRESS_HOST_HEADER, MappingValue.contextVariable('domainName'))
    .overwriteHeader(INGRESS_CLIENT_HEADER, MappingValue.contextVariable('identity.sourceIp'));
}
