import { escaped } from './wsdl-document.ts'

/** Writes a WSDL for a service that publishes none: it takes anything, and may answer with anything. */
export function madeUpWsdl(name: string, address: string): string {
  const [service, location] = [escaped(name.replace(/[^\w.-]/g, '_')), escaped(address)]
  const binding = (version: string, namespace: string): string => `
  <wsdl:binding name="${service}Soap${version}Binding" type="tns:${service}PortType">
    <${namespace}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="mediate">
      <${namespace}:operation soapAction="urn:mediate" style="document"/>
      <wsdl:input><${namespace}:body use="literal"/></wsdl:input>
      <wsdl:output><${namespace}:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>`
  const port = (version: string, namespace: string): string => `
    <wsdl:port name="${service}HttpSoap${version}Endpoint" binding="tns:${service}Soap${version}Binding">
      <${namespace}:address location="${location}"/>
    </wsdl:port>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="${service}" targetNamespace="http://ws.apache.org/axis2" xmlns:tns="http://ws.apache.org/axis2"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:message name="mediateRequest"><wsdl:part name="payload" type="xs:anyType"/></wsdl:message>
  <wsdl:message name="mediateResponse"><wsdl:part name="payload" type="xs:anyType"/></wsdl:message>
  <wsdl:portType name="${service}PortType">
    <wsdl:operation name="mediate">
      <wsdl:input message="tns:mediateRequest"/>
      <wsdl:output message="tns:mediateResponse"/>
    </wsdl:operation>
  </wsdl:portType>${binding('11', 'soap')}${binding('12', 'soap12')}
  <wsdl:service name="${service}">${port('11', 'soap')}${port('12', 'soap12')}
  </wsdl:service>
</wsdl:definitions>
`
}

/** Writes a page for people about a service. */
export function infoPage(
  { name, description }: { readonly name: string; readonly description: string },
  address: string,
): string {
  const [title, url] = [escaped(name), escaped(address)]
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>${description === '' ? '' : `<p>${escaped(description)}</p>`}
<dl><dt>Endpoint</dt><dd>${url}</dd><dt>WSDL</dt><dd><a href="${url}?wsdl">${url}?wsdl</a></dd></dl></body></html>
`
}
