module sealwright.dev/peers/keys

go 1.26
