/** The faults of the gateway's executors. `code` is stable. */
export type GatewayFaultCode =
  | 'gateway.refused'
  | 'gateway.configuration'
  | 'gateway.certificate'
  | 'gateway.not_started'
  | 'gateway.not_reloaded'
  | 'gateway.not_stopped';

export class GatewayFault extends Error {
  readonly code: GatewayFaultCode;

  constructor(code: GatewayFaultCode, message: string) {
    super(message);
    this.name = 'GatewayFault';
    this.code = code;
  }
}
