module vouch.example/feed

go 1.19
