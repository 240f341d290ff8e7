### Português. Imperativo, frases curtas, palavras comuns a Portugal e ao Brasil.

## Modo

mode-exercise =
    .word = EXERCÍCIO
    .sentence = Isto é apenas um exercício. Não há perigo real. Não aja por causa desta mensagem.
    .ended-headline = O exercício terminou
    .ended-description = O exercício terminou. Não houve perigo real. A partir de agora, tome como real toda mensagem sem esta palavra.
    .ended-instruction = Não é preciso fazer nada.
mode-test =
    .word = TESTE
    .sentence = Isto é apenas um teste do sistema. Não há perigo. Não aja por causa desta mensagem.
    .ended-headline = O teste terminou
    .ended-description = O teste do sistema terminou. Não houve perigo. A partir de agora, tome como real toda mensagem sem esta palavra.
    .ended-instruction = Não é preciso fazer nada.

## Ligação

list-separator = { ", " }
full-stop = .
sentence-separator = { " " }

## Hora e lugar

clock = { $hour }:{ $minute }
date =
    { $day } de { $number ->
        [1] janeiro
        [2] fevereiro
        [3] março
        [4] abril
        [5] maio
        [6] junho
        [7] julho
        [8] agosto
        [9] setembro
        [10] outubro
        [11] novembro
       *[12] dezembro
    } de { $year }
date-clock = { $date }, { $clock }
time-utc = { $time } UTC
time-local = { $local } hora local ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] N
       *[south] S
    }, { $lon }° { $east ->
        [east] E
       *[west] O
    }
place-named = { $name } ({ $coordinates })

## Tipos de mensagem

level-none = Informação de tsunami
level-advisory = Aviso de tsunami
level-warning = Alerta de tsunami
level-major = Alerta de grande tsunami
event-tsunami = Tsunami
event-traffic = Incidente de trânsito
event-energy = Perturbação da rede elétrica
event-limit = Limite de sensor ultrapassado
event-officer = Mensagem de segurança pública

## Grandezas

quantity-sea-level = Nível do mar
quantity-water-pressure = Pressão da água
quantity-water-temperature = Temperatura da água
quantity-speed = Velocidade do trânsito
quantity-occupancy = Ocupação da via
quantity-flow = Fluxo de trânsito
quantity-travel-time = Tempo de viagem
quantity-voltage = Tensão elétrica
quantity-current = Corrente elétrica
quantity-active-power = Potência ativa
quantity-reactive-power = Potência reativa
quantity-apparent-power = Potência aparente
quantity-power-factor = Fator de potência
quantity-frequency = Frequência da rede
quantity-active-energy = Energia
quantity-acceleration = Aceleração do solo
quantity-battery-voltage = Tensão da bateria
unit-vehicles-per-hour = veículos por hora

## Títulos

headline-areas = { $level }: { $areas }
headline-many =
    { $level }: { $count ->
        [one] { $count } zona, { $first }
       *[other] { $count } zonas, de { $first } a { $last }
    }
headline-nowhere = { $level }: não se espera que alguma zona atinja um nível de alerta
headline-cancelled = Alerta de tsunami cancelado
headline-limit = { $what }: { $station }
headline-limit-over = { $what }: { $station } - terminado

## O que aconteceu

earthquake = Ocorreu um sismo de magnitude { $magnitude } em { $when }. Lugar: { $place }, a { $depth } km de profundidade.
no-earthquake = Não se conhece nenhum sismo que explique as ondas. Elas correspondem a uma mesma origem perto de { $place } (conhecida com margem de cerca de { $km } km), por volta de { $when }.
no-wave-left = Não se conhece nenhum sismo, e nenhum sensor mostra já uma onda.
no-wave-seen = É possível um tsunami. Nenhum sensor viu ainda uma onda.
wave-measured = Foi medido um tsunami nestes locais: { $stations }.

## O que vem

arrival-due = primeira onda prevista: { $when }
arrival-now = a primeira onda pode já ter chegado
zone = { $name } - { $level }: { $arrival }, altura na costa de cerca de { $middle } m (provavelmente entre { $low } e { $high } m).
first-wave-due = Primeira onda prevista: { $when }.
first-wave-now = A primeira onda pode já ter chegado.
areas = Zonas: { $areas }.
lifted = Já não vigora para: { $areas }.
nature = A primeira onda muitas vezes não é a mais alta. Ondas e correntes perigosas podem continuar por muitas horas.

## Por que há uma nova mensagem

reason-explained = Atualização: já se conhece um sismo que explica as ondas.
reason-revised = Atualização: a magnitude ou o lugar do sismo foi revisto.
reason-confirmed = Atualização: o tsunami está confirmado.
reason-unconfirmed = Atualização: as medições que tinham confirmado o tsunami afinal não mostravam nenhuma onda.
reason-forecast = Atualização: a previsão foi refeita com alturas medidas.
reason-modelled = Atualização: a previsão foi refeita com um cálculo completo da onda.
reason-renewal = Atualização: o alerta continua em vigor.
reason-all-clear = O mar está calmo em todos os sensores que mediram o tsunami. O alerta está cancelado. As correntes podem continuar fortes por algum tempo.
reason-no-wave = Nenhuma onda chegou aos sensores onde era esperada. O alerta está cancelado.
reason-withdrawn = O sismo foi revisto e não pode ter produzido um tsunami perigoso. O alerta está cancelado.

## O que fazer agora

instruction-none = Não é preciso fazer nada. Siga as notícias das autoridades locais.
instruction-advisory = Saia da água agora. Afaste-se das praias, dos portos e da foz dos rios. Não volte até o fim do alerta.
instruction-warning = Saia da costa agora. Vá para o interior ou para terreno alto agora, a pé se puder. Se não houver tempo, suba a um andar alto de um edifício resistente. Fique lá até o fim do alerta.
instruction-major = Saia da costa agora. Vá o mais longe possível para o interior ou o mais alto possível, a pé se puder. Se não houver tempo, suba a um andar alto de um edifício resistente. Fique lá até o fim do alerta.
instruction-all-clear = Volte apenas quando as autoridades locais disserem que é seguro. Fique fora da água enquanto as correntes forem fortes.
instruction-traffic = Reduza a velocidade e mantenha a distância. Evite o local se puder. Respeite a sinalização e a polícia.
instruction-energy = A energia pode faltar. Não se aproxime de cabos caídos. Desligue os aparelhos de que não precisa.
instruction-limit = Siga as instruções das autoridades locais.
instruction-limit-over = Não é preciso fazer nada.
instruction-officer = Siga as instruções das autoridades locais.

## Um limite numa estação

limit-above = mais de { $value }
limit-below = menos de { $value }
limit-rate = uma variação de mais de { $value }
rate = { $value } por segundo
limit-passed = { $station } mediu { $value } em { $when }. Limite de alerta: { $limit }.
limit-over = { $station } voltou ao seu limite: { $value } em { $when }. Limite de alerta: { $limit }.

## Uma mensagem enviada por engano

retraction =
    .headline =
        { $event ->
            [tsunami] Enviada por engano: a nossa mensagem não significa perigo de tsunami
           *[other] Enviada por engano: ignore a nossa mensagem
        }
    .description =
        { $event ->
            [tsunami] A mensagem de { $when } foi enviada por engano. Ela não significa perigo de tsunami.
           *[other] A mensagem de { $when } foi enviada por engano. Ela não significa nenhum perigo.
        }
    .instruction =
        { $event ->
            [tsunami] Ignore aquela mensagem. Se saiu da costa por causa dela, pode voltar. Se sentir um sismo forte ou vir o mar recuar, saia da costa imediatamente.
           *[other] Ignore aquela mensagem. Não é preciso fazer nada.
        }

## Uma mensagem escrita por um oficial: só a moldura é nossa

officer =
    .description = { $sender } informa em { $when }: { $text }
