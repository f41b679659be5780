module sealwright.dev/peers/gomatch

go 1.26
