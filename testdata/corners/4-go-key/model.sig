{
  "dsseEnvelope": {
    "payload": "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJwcmVkaWNhdGUiOnsicmVzb3VyY2VzIjpbeyJhbGdvcml0aG0iOiJzaGEyNTYiLCJkaWdlc3QiOiJjYTk3ODExMmNhMWJiZGNhZmFjMjMxYjM5YTIzZGM0ZGE3ODZlZmY4MTQ3YzRlNzJiOTgwNzc4NWFmZWU0OGJiIiwibmFtZSI6ImEuYmluIn1dLCJzZXJpYWxpemF0aW9uIjp7ImFsbG93X3N5bWxpbmtzIjpmYWxzZSwiaGFzaF90eXBlIjoic2hhMjU2IiwiaWdub3JlX3BhdGhzIjpbXSwibWV0aG9kIjoiZmlsZXMifX0sInByZWRpY2F0ZVR5cGUiOiJodHRwczovL21vZGVsX3NpZ25pbmcvc2lnbmF0dXJlL3YxLjAiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiYmY1ZDNhZmZiNzNlZmQyZWM2YzM2YWQzMTEyZGQ5MzNlZmVkNjNjNGUxY2JmZmNmYTg4ZTI3NTljMTQ0ZjJkOCJ9LCJuYW1lIjoibW9kZWwifV19",
    "payloadType": "application/vnd.in-toto+json",
    "signatures": [
      {
        "sig": "MEUCIQDvXGSt1/+vLtH+lcpePcps8OLknuTpgY5v1Krh38FZywIgMaxVV2P1SfIu9IorJcNoF3EDTSytDi3tP7ThJESQiCQ="
      }
    ]
  },
  "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
  "verificationMaterial": {
    "publicKey": {
      "hint": "534dcf73136a243c14bae4cd37bc4b162b482d7791c2e2b24387bc0cdab023a2"
    }
  }
}