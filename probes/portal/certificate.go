package portal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

// keys are the portal's certificate authority and the key of its certificates, made when first asked for.
type keys struct {
	once sync.Once
	err  error
	ca   *x509.Certificate
	key  *ecdsa.PrivateKey
}

// authorityEnds is far enough away for every script and every run.
var authorityStarts, authorityEnds = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func (k *keys) make() error {
	k.once.Do(func() {
		if k.key, k.err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); k.err != nil {
			return
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stand-in Portal Test CA"},
			NotBefore: authorityStarts, NotAfter: authorityEnds,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		var der []byte
		if der, k.err = x509.CreateCertificate(rand.Reader, template, template, k.key.Public(), k.key); k.err != nil {
			return
		}
		k.ca, k.err = x509.ParseCertificate(der)
	})
	if k.err != nil {
		return fmt.Errorf("making the portal's test certificate authority: %w", k.err)
	}
	return nil
}

// leaf makes a certificate for the hosts that is valid around now, or expired a day before it.
func (k *keys) leaf(now time.Time, expired bool, hosts ...string) (*tls.Certificate, error) {
	if err := k.make(); err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: hosts[0]},
		NotBefore: now.AddDate(0, -3, 0), NotAfter: now.AddDate(0, 3, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if expired {
		template.NotAfter = now.AddDate(0, 0, -1)
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, k.ca, k.key.Public(), k.key)
	if err != nil {
		return nil, fmt.Errorf("making the portal's test certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("making the portal's test certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, k.ca.Raw}, PrivateKey: k.key, Leaf: parsed}, nil
}

// CA returns the certificate authority of the portal's HTTPS as PEM, for clients that are to trust it.
func (p *Portal) CA() ([]byte, error) {
	if err := p.keys.make(); err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.keys.ca.Raw}), nil
}
