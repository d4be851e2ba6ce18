package feed

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestOnlyTheLoopbackMayBeFollowedInClear(t *testing.T) {
	for _, safe := range []string{
		"http://localhost:8000", "http://LOCALHOST", "http://127.0.0.1:8000", "http://127.9.9.9", "http://[::1]:8000",
		"https://vouch.example", "https://10.0.0.1/behind",
	} {
		if _, err := parseBase(safe); err != nil {
			t.Errorf("%s: %v", safe, err)
		}
	}
	for _, risky := range []string{
		"http://vouch.example", "http://10.0.0.1", "http://0.0.0.0:8000", "http://[::]:8000", "http://localhost.example",
		"http://127.0.0.1.example", "http://127.0.0.1@10.0.0.1", "http://2130706433", "http://0x7f.1", "HTTP://vouch.example",
	} {
		_, err := parseBase(risky)

		var unsafe *UnsafeTransportError
		if !errors.As(err, &unsafe) || !strings.Contains(err.Error(), "https://") {
			t.Errorf("%s: %v", risky, err)
		}
	}
	for _, wrong := range []string{"", "vouch.example", "ftp://vouch.example", "https://", "https://u:p@vouch.example", "http://127.0.0.1/?a=b", "https://vouch.example/#f", "https://a b"} {
		_, err := parseBase(wrong)

		var option *OptionsError
		if !errors.As(err, &option) || option.Option != "URL" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestANameThatLeadsAwayFromThisMachineIsNotDialledInClear(t *testing.T) {
	// What a hosts file or a resolver may make of "localhost".
	for address, safe := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "10.0.0.1:80": false, "garbage": false} {
		if err := loopbackOnly("tcp", address, nil); (err == nil) != safe {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// certificate makes a certificate of an own authority, and gives it with the authority's file.
func certificate(t *testing.T, host string, ends time.Time) (tls.Certificate, string) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: ends,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		server.IPAddresses = []net.IP{ip}
	} else {
		server.DNSNames = []string{host}
	}
	authorityKey, serverKey := key(t), key(t)
	root := signed(t, authority, authority, authorityKey, authorityKey)
	leaf := signed(t, server, authority, serverKey, authorityKey)
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: serverKey}, file
}

func key(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func signed(t *testing.T, what, by *x509.Certificate, its, signer *ecdsa.PrivateKey) []byte {
	t.Helper()
	made, err := x509.CreateCertificate(rand.Reader, what, by, &its.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestACertificateThatIsNotRightIsFinalBeforeTheCredentialIsShown(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		host    string
		ends    time.Time
		trusted bool
		says    string
	}{
		"good":              {"127.0.0.1", later, true, ""},
		"unknown authority": {"127.0.0.1", later, false, "no known authority"},
		"expired":           {"127.0.0.1", time.Now().Add(-time.Hour), true, "not valid now"},
		"another host":      {"vouch.example", later, true, "another host"},
	} {
		made, file := certificate(t, c.host, c.ends)
		var seen int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			atomic.AddInt32(&seen, 1)
			lines(hello(1, 1), rec(1))(w, r)
		}))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{made}}
		s.Config.ErrorLog = quiet
		s.StartTLS()
		options := Options{URL: s.URL, Credential: Key("k"), From: "1", Limit: 1, LongestWait: 1}
		if c.trusted {
			options.CAFile = file
		}

		err := Follow(ctxOf(t), options, takeAny)

		s.Close()
		var unsafe *UnsafeTransportError
		if c.says == "" && err != nil || c.says != "" && (!errors.As(err, &unsafe) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		if (seen == 1) != (c.says == "") {
			t.Errorf("%s: %d requests", name, seen)
		}
	}
}

func TestAFileWithoutCertificatesIsNoAuthority(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}

	err := Follow(context.Background(), Options{URL: "https://127.0.0.1:9", Credential: Key("k"), CAFile: file}, takeAny)

	var option *OptionsError
	if !errors.As(err, &option) || option.Option != "CAFile" {
		t.Error(err)
	}
}
