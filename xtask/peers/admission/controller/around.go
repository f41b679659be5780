// Package controller has what policy-controller's webhook refuses of an identity.
package controller

import "context"

// Refused is why the policy is not let in.
func Refused(identity Identity) error {
	if refused := identity.Validate(context.Background()); refused != nil {
		return refused
	}
	return nil
}
