package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const mediaType = "application/x-ndjson"

// request makes the next request: after the position once there is one, else from where the options say.
func (f *follower) request(ctx context.Context) (*http.Request, error) {
	credential, err := f.options.Credential(ctx)
	if err != nil {
		return nil, fmt.Errorf("feed: getting a credential: %w", err)
	}
	if !isToken(credential) {
		// The credential itself must not be told.
		return nil, &OptionsError{"Credential", "is empty or has characters that no header may have"}
	}
	address := *f.base
	address.Path, address.RawPath = f.path()
	address.RawQuery = f.query().Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, &OptionsError{"URL", err.Error()}
	}
	request.Header.Set("Authorization", "Bearer "+credential)
	request.Header.Set("Accept", mediaType)
	request.Header.Set("User-Agent", "vouch-feed-go/1")
	return request, nil
}

// path gives the path of the feed, plain and escaped.
func (f *follower) path() (string, string) {
	start, escaped := strings.TrimRight(f.base.Path, "/"), strings.TrimRight(f.base.EscapedPath(), "/")
	if f.options.Case == "" {
		return start + "/v1/feed", escaped + "/v1/feed"
	}
	return start + "/v1/cases/" + f.options.Case + "/feed",
		escaped + "/v1/cases/" + url.PathEscape(f.options.Case) + "/feed"
}

func (f *follower) query() url.Values {
	o := f.options
	query := url.Values{}
	set := func(name, value string, wanted bool) {
		if wanted {
			query.Set(name, value)
		}
	}
	set("after", f.position.String(), !f.position.IsZero())
	set("from", o.From, f.position.IsZero() && o.From != "")
	set("partition", o.Partition.String(), o.Partition.parts() > 1)
	set("kinds", strings.Join(o.Kinds, ","), len(o.Kinds) > 0)
	set("subscription", o.Subscription, o.Subscription != "")
	set("limit", strconv.FormatInt(f.left, 10), o.Limit > 0)
	set("until", "caught_up", o.UntilCaughtUp)
	if o.Wait != nil {
		query.Set("wait", strconv.FormatInt(int64((*o.Wait+time.Second-1)/time.Second), 10))
	}
	return query
}

func isToken(text string) bool {
	for _, letter := range text {
		if letter <= ' ' || letter > '~' {
			return false
		}
	}
	return text != ""
}
