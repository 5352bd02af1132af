"""Training steps of the networks of bench/networks.ts: python3 steps.py <network> <loss>."""

import sys

import torch
from peer import answer, uniform
from torch import nn
from torch.nn import functional

BATCH, LAMBDA, TEMPERATURE = 64, 0.1, 4


def mlp(numbers, classes):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(numbers, 512),
        nn.ReLU(),
        nn.Linear(512, 256),
        nn.ReLU(),
        nn.Linear(256, classes),
    )


def cnn(classes):
    """cnn-small of 28×28×1 images."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(7 * 7 * 32, 64),
        nn.ReLU(),
        nn.Linear(64, classes),
    )


def convolution(inputs, outputs, size, stride=1, groups=1):
    """A convolution followed by batch normalisation."""
    padding = (size - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            convolution(inputs, outputs, 3, stride), nn.ReLU(), convolution(outputs, outputs, 3)
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride, first):
        super().__init__()
        middle = inputs * expansion
        self.first = first
        self.body = nn.Sequential(
            convolution(inputs, middle, 1),
            nn.ReLU(),
            convolution(middle, middle, 3, stride, groups=middle),
            nn.ReLU(),
            convolution(middle, outputs, 1),
        )

    def forward(self, x):
        return self.body(x) if self.first else x + self.body(x)


def head(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def resnet(depth, widths, classes):
    blocks = [convolution(3, widths[0], 3), nn.ReLU()]
    inputs = widths[0]
    for stage, width in enumerate(widths[1:]):
        for i in range((depth - 2) // 6):
            blocks.append(Residual(inputs, width, 2 if i == 0 and stage > 0 else 1))
            inputs = width
    return nn.Sequential(*blocks, *head(inputs, classes))


def mobilenet(classes):
    """MobileNetV2 of half the width. Rows: width, blocks, stride of the first one."""
    rows = [(16, 1, 1), (24, 2, 1), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]
    layers = [convolution(3, 16, 3, 2), nn.ReLU()]
    inputs = 16
    for stage, (width, blocks, stride) in enumerate(rows):
        for i in range(blocks):
            first = i == 0
            expansion = 6 if stage > 0 else 1
            layers.append(
                Inverted(inputs, width // 2, expansion, stride if first else 1, first)
            )
            inputs = width // 2
    layers += [convolution(inputs, 1280, 1), nn.ReLU()]
    return nn.Sequential(*layers, *head(1280, classes))


SMALL, CIFAR = (1, 28, 28, 10), (3, 32, 32, 100)
NETWORKS = {
    "mlp": (SMALL, lambda classes: mlp(784, classes)),
    "cnn": (SMALL, cnn),
    "resnet20": (CIFAR, lambda classes: resnet(20, [16, 16, 32, 64], classes)),
    "resnet8x4": (CIFAR, lambda classes: resnet(8, [32, 64, 128, 256], classes)),
    "MobileNetV2": (CIFAR, mobilenet),
}


def divergence(p, log_p, log_q):
    return (p * (log_p - log_q)).sum(1).mean()


def main():
    network, kind = sys.argv[1:]
    (*shape, classes), build = NETWORKS[network]
    student, teacher = build(classes), build(classes).eval()
    images = uniform(1, BATCH, *shape)
    labels = torch.arange(BATCH) % classes
    log_centroids = functional.log_softmax(uniform(2, classes, classes), 1)
    optimizer = torch.optim.SGD(student.parameters(), 0.01, momentum=0.9)

    def mcmi(logits):
        log_p = functional.log_softmax(logits, 1)
        cmi = divergence(log_p.exp(), log_p, log_centroids[labels])
        return functional.cross_entropy(logits, labels) - LAMBDA * cmi

    def kd(logits):
        with torch.no_grad():
            log_p = functional.log_softmax(teacher(images) / TEMPERATURE, 1)
        log_q = functional.log_softmax(logits / TEMPERATURE, 1)
        return TEMPERATURE**2 * divergence(log_p.exp(), log_p, log_q)

    losses = {"CE": lambda z: functional.cross_entropy(z, labels), "MCMI": mcmi, "KD": kd}

    def step():
        optimizer.zero_grad(set_to_none=True)
        value = losses[kind](student(images))
        value.backward()
        optimizer.step()
        return value.item()

    answer(step, parameters=sum(p.numel() for p in student.parameters()))


if __name__ == "__main__":
    main()
