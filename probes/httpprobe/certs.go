package httpprobe

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"mynaprobe/probes"
)

// tlsOf tells what is known of a connection that was accepted.
func tlsOf(state *tls.ConnectionState) *probes.TLSResult {
	r := certFacts(state.PeerCertificates)
	r.Version, r.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	for _, chain := range state.VerifiedChains {
		expiry := earliest(chain)
		if expiry.After(r.ChainExpiry) {
			r.ChainExpiry = expiry
		}
	}
	return r
}

// tlsOfError tells what is known of a certificate that was not accepted; nil when the error shows none.
func tlsOfError(err error, host string) *probes.TLSResult {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return nil
	}
	r := certFacts(bad.UnverifiedCertificates)
	r.Problem = certProblem(bad, host)
	return r
}

func certFacts(certs []*x509.Certificate) *probes.TLSResult {
	r := &probes.TLSResult{}
	if len(certs) == 0 {
		return r
	}
	leaf := certs[0]
	sum := sha256.Sum256(leaf.Raw)
	r.Fingerprint = hex.EncodeToString(sum[:])
	r.EarliestExpiry = earliest(certs)
	r.Subject, r.Issuer = leaf.Subject.String(), leaf.Issuer.String()
	r.Names = certNames(leaf)
	return r
}

func certNames(leaf *x509.Certificate) []string {
	names := make([]string, 0, len(leaf.DNSNames)+len(leaf.IPAddresses))
	names = append(names, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func earliest(certs []*x509.Certificate) time.Time {
	var first time.Time
	for _, c := range certs {
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// certProblem says in a few words why a certificate was refused.
func certProblem(err error, host string) string {
	var (
		wrongName x509.HostnameError
		unknown   x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		bad       *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &wrongName):
		return "the certificate is not for " + host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if time.Now().Before(invalid.Cert.NotBefore) {
			return "the certificate is not valid before " + day(invalid.Cert.NotBefore)
		}
		return "the certificate expired on " + day(invalid.Cert.NotAfter)
	case errors.As(err, &unknown):
		if errors.As(err, &bad) && selfSigned(bad.UnverifiedCertificates) {
			return "the certificate is self-signed"
		}
		return "the certificate's issuer is not trusted"
	case errors.As(err, &bad):
		return "the certificate is not accepted: " + strings.TrimPrefix(bad.Err.Error(), "x509: ")
	}
	return ""
}

func selfSigned(certs []*x509.Certificate) bool {
	return len(certs) > 0 && certs[0].CheckSignature(certs[0].SignatureAlgorithm, certs[0].RawTBSCertificate, certs[0].Signature) == nil
}

// tlsProblem is the message for an error of TLS, with all that the certificate tells; empty for any other error.
func tlsProblem(err error, host string) string {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		message := certProblem(bad, host)
		if len(bad.UnverifiedCertificates) > 0 {
			message += "; " + describe(bad.UnverifiedCertificates[0])
		}
		return message
	}
	// With TLS 1.3 a server's word on our certificate comes only after the handshake, when we wait for its answer.
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return fmt.Sprintf("%s refused the TLS connection: %s", host, strings.TrimPrefix(op.Err.Error(), "tls: "))
	}
	return ""
}

func describe(leaf *x509.Certificate) string {
	names := certNames(leaf)
	if len(names) == 0 {
		names = []string{"(none)"}
	}
	more := ""
	if len(names) > 5 {
		names, more = names[:5], fmt.Sprintf(" and %d more", len(names)-5)
	}
	return fmt.Sprintf("names %s%s, issuer %q, valid from %s to %s",
		strings.Join(names, ", "), more, leaf.Issuer.String(), day(leaf.NotBefore), day(leaf.NotAfter))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
