// Command notification-mail mails what became of an order.
package main

import (
	"os"

	"twofold/internal/notification"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, notification.NewMail) }
