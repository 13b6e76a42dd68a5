"""Every loss of the library."""

from micrograd_numpy.losses import binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss, mse_loss

LOSSES = [mse_loss, binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss]
