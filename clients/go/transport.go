package feed

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// parseBase reads the product's address. It returns an *OptionsError for a text that is none, and an
// *UnsafeTransportError for one whose connection could be read by others.
func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, &OptionsError{"URL", fmt.Sprintf("%.80q is no address like https://vouch.example", text)}
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) {
		return nil, &UnsafeTransportError{Reason: fmt.Sprintf(
			"http:// to %s can be read and changed on the way; use https:// (http is for this very machine only)",
			base.Hostname())}
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, &OptionsError{"URL", "must have no user, query or fragment; the credential is an option of its own"}
	}
	return base, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// newClient gives the HTTP client for an address: it verifies certificates, follows no redirects, and begins a new
// connection each time, since an old one may be half dead.
func newClient(base *url.URL, caFile string) (*http.Client, error) {
	roots, err := rootsWith(caFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if base.Scheme == "http" {
		transport.Proxy = nil
		dialer.Control = loopbackOnly
	}
	return &http.Client{Transport: transport, CheckRedirect: stay}, nil
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// loopbackOnly refuses a plain connection that leaves the machine, whatever "localhost" was resolved to.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return &UnsafeTransportError{Reason: fmt.Sprintf("http:// would leave this machine, to %s; use https://", address)}
	}
	return nil
}

// rootsWith gives the system's authorities and those of a file; nil, the system's own, without a file.
func rootsWith(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &OptionsError{"CAFile", err.Error()}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, &OptionsError{"CAFile", caFile + " has no certificate in PEM form"}
	}
	return roots, nil
}

// unsafe gives the *UnsafeTransportError that a failed connection means, or nil if trying again may help.
func unsafe(err error) error {
	var already *UnsafeTransportError
	if errors.As(err, &already) {
		return already
	}
	if reason := certificateFault(err); reason != "" {
		return &UnsafeTransportError{Reason: reason, cause: err}
	}
	return nil
}

// certificateFault says what is wrong with a server's certificate and what to do; empty if that is not the matter.
func certificateFault(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		roots     x509.SystemRootsError
		extension x509.UnhandledCriticalExtension
		algorithm x509.InsecureAlgorithmError
	)
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate is signed by no known authority (%v); "+
			"if the authority is your own, name its file as the CA file", authority)
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate is for another host (%v); use the host's own name", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate is not valid now (%v); have it renewed, or set this machine's clock", invalid)
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate is not valid (%v); have it replaced", invalid)
	case errors.As(err, &roots):
		return fmt.Sprintf("this machine knows no authorities (%v); install them, or name a CA file", roots)
	case errors.As(err, &extension), errors.As(err, &algorithm):
		return fmt.Sprintf("the certificate cannot be checked (%v); have it replaced", err)
	default:
		return ""
	}
}
